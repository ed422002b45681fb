"""People that a test plays."""

from __future__ import annotations

from tgslices.testing.actions.membership import block
from tgslices.testing.people.chat_view import ChatView
from tgslices.testing.state.accounts import BotAccount, User
from tgslices.testing.state.chats import Chat
from tgslices.testing.state.world import World


class Person(User):
    """A user whom a test plays; `private_chat`, `view` and others give the chats as this person sees them."""

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
        super().__init__(world.next_person_id(), first_name, username, last_name, language_code)
        self._world = world
        world.add_user(self)

    def private_chat(self, bot: BotAccount) -> ChatView:
        """The private chat with a bot, which may write there from now on. Its number is the person's own."""
        chat = self._world.private_chat(self, bot)
        chat.open_until = 0
        return ChatView(self._world, self, chat)

    def view(self, chat: Chat) -> ChatView:
        """A group or channel as this person sees it."""
        return ChatView(self._world, self, chat)

    def business_chat(self, owner: User) -> ChatView:
        """The chat of this customer with a business account, as the customer sees it.

        Its number is the customer's, as in a private chat with a bot: only the connection tells the two apart.
        """
        return ChatView(self._world, self, self._world.business_chat(self, owner))

    def customer_chat(self, customer: User) -> ChatView:
        """The chat with a customer, as the owner of the business account sees it.

        The owner's messages reach the bot, too.
        """
        return ChatView(self._world, self, self._world.business_chat(customer, self))

    def blocks(self, bot: BotAccount) -> None:
        """Block a bot, so that neither can write to the other. The bot is told."""
        block(self._world, self._world.private_chat(self, bot), is_blocked=True)

    def unblocks(self, bot: BotAccount) -> None:
        """Unblock a bot. The bot is told."""
        block(self._world, self._world.private_chat(self, bot), is_blocked=False)
