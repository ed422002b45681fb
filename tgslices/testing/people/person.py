"""The scripted person: a user of Telegram that a test plays."""

from __future__ import annotations

from tgslices.testing.actions.membership import block
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World


class Person(User):
    """A user; `private_chat`, `view` and `business_chat` give the chats as this person sees them."""

    __slots__ = ("_world",)

    def __init__(
        self,
        world: World,
        first_name: str,
        *,
        username: str | None = None,
        last_name: str | None = None,
        language_code: str | None = "en",
    ) -> None:
        """A new user of this world."""
        super().__init__(world.next_person_id(), first_name, username, last_name, language_code)
        self._world = world
        world.add_user(self)

    def private_chat(self, bot: BotAccount) -> ChatView:
        """The private chat with a bot; from now on the bot may write there. Its number is the person's own."""
        return ChatView(self._world, self, self._world.private_chat(self, bot))

    def view(self, chat: Chat) -> ChatView:
        """A group or channel as this person sees it."""
        return ChatView(self._world, self, chat)

    def business_chat(self, owner: User) -> ChatView:
        """The chat of this customer with a business account, as the customer sees it.

        Its number is the customer's, as that of a private chat with a bot: only the connection tells them apart.
        """
        return ChatView(self._world, self, self._world.business_chat(self, owner))

    def customer_chat(self, customer: User) -> ChatView:
        """The same chat as the owner of the business account sees it; what the owner writes reaches the bot, too."""
        return ChatView(self._world, self, self._world.business_chat(customer, self))

    def blocks(self, bot: BotAccount) -> None:
        """Block a bot: what it sends is refused from now on, and the person cannot write to it; it is told."""
        block(self._world, self._world.private_chat(self, bot), is_blocked=True)

    def unblocks(self, bot: BotAccount) -> None:
        """Let a blocked bot write again; it is told."""
        block(self._world, self._world.private_chat(self, bot), is_blocked=False)
