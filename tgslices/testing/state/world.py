"""The emulated world: accounts, chats, and messages that are stored, changed and removed.

No bot is told of anything here: `tgslices.testing.actions` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from tgslices.testing.errors import bad_request, check
from tgslices.testing.rules import ephemeral, people
from tgslices.testing.rules.access import Access, ChatFacts, access_refusal, unknown_chat
from tgslices.testing.rules.senders import CHANNEL_BOT, sender_fields
from tgslices.testing.state.accounts import BotAccount, BusinessConnection, Member, User
from tgslices.testing.state.changes import Changes
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.files import StoredFile
from tgslices.testing.state.handling import Handling
from tgslices.testing.state.inquiries import Inquiry, Payment
from tgslices.testing.state.numbers import Numbers
from tgslices.testing.state.stickers import StickerSet
from tgslices.testing.state.taps import Tap
from tgslices.testing.state.tokens import bot_id_in, new_token
from tgslices.testing.state.updates import UpdateQueue
from tgslices.testing.wire.json_text import Json


class World:
    """The state of the server. It belongs to one event loop and needs no locks, because no method awaits."""

    def __init__(self, clock: Clock, *, is_test_dc: bool = False) -> None:
        """Make an empty world on this clock; ``is_test_dc`` makes it that of Telegram's test environment."""
        self.clock = clock
        self.is_test_dc = is_test_dc
        self.changes = Changes()
        self.users: dict[int, User] = {}
        self.bots: dict[str, BotAccount] = {}
        self.chats: dict[int, Chat] = {}
        self.private_chats: dict[tuple[int, int], Chat] = {}
        self.business_chats: dict[tuple[int, int], Chat] = {}
        self.connections: dict[str, BusinessConnection] = {}
        self.files: dict[str, StoredFile] = {}
        self.taps: dict[str, Tap] = {}
        self.inquiries: dict[str, Inquiry] = {}
        self.payments: dict[str, Payment] = {}
        self.timed_polls: list[StoredMessage] = []
        self.sticker_sets: dict[str, StickerSet] = {}
        self.inline_messages: dict[str, StoredMessage] = {}
        self.failing_item: tuple[int, str] | None = None
        self._numbers = Numbers()

    def next_serial(self) -> int:
        """A number that nothing else in this world has; later ones are larger."""
        return self._numbers.serial()

    def next_album(self) -> str:
        """A ``media_group_id`` that no album of this world has."""
        return self._numbers.album()

    # Who there is.

    def add_bot(self, username: str, first_name: str | None = None, token: str | None = None) -> BotAccount:
        """A new bot, with this token or a random one. Several bots may have the same name.

        Raises:
            ValueError: the token is malformed, or its number is taken.
        """
        bot_id = self._free(self._numbers.bots) if token is None else bot_id_in(token)
        if bot_id in self.users:
            raise ValueError(f"the number {bot_id} in this token is taken by {self.users[bot_id].first_name!r}")
        bot = BotAccount(
            bot_id,
            first_name or username,
            username=username,
            is_bot=True,
            token=token or new_token(bot_id),
            updates=UpdateQueue(now=self.clock.unix_time, on_change=self.changes.notify),
            handling=Handling(self.changes.notify),
        )
        self.users[bot.id] = bot
        self.bots[bot.token] = bot
        return bot

    def add_user(self, user: User) -> User:
        """Add a user."""
        self.users[user.id] = user
        return user

    def next_person_id(self) -> int:
        """A number that no user has."""
        return self._free(self._numbers.people)

    def _free(self, numbers: Iterator[int]) -> int:
        return next(number for number in numbers if number not in self.users)

    def bot_by_id(self, bot_id: int) -> BotAccount | None:
        """The bot with this number, or None."""
        user = self.users.get(bot_id)
        return user if isinstance(user, BotAccount) else None

    # Where they meet.

    def private_chat(self, user: User, bot: BotAccount) -> Chat:
        """The private chat of a person and a bot, made at the first call."""
        chat = self.private_chats.get((bot.id, user.id))
        if chat is None:
            chat = Chat(user.id, "private", user=user, bot=bot)
            chat.members = {user.id: Member(user), bot.id: Member(bot)}
            self.private_chats[bot.id, user.id] = chat
        return chat

    def business_chat(self, customer: User, owner: User) -> Chat:
        """The private chat of two people, as the owner's business bot sees it. Its number is the customer's."""
        chat = self.business_chats.get((owner.id, customer.id))
        if chat is None:
            chat = Chat(customer.id, "private", user=customer, owner=owner)
            chat.members = {customer.id: Member(customer), owner.id: Member(owner)}
            self.business_chats[owner.id, customer.id] = chat
        return chat

    def add_chat(self, kind: str, title: str, members: Iterable[Member], username: str | None = None) -> Chat:
        """A new group, supergroup or channel, without any message."""
        chat = Chat(self._numbers.chat(kind), kind, title=title, username=username)
        chat.members = {member.user.id: member for member in members}
        self.chats[chat.id] = chat
        return chat

    def add_direct_messages(self, channel: Chat) -> Chat:
        """A new chat for the direct messages of a channel."""
        chat = self.add_chat("supergroup", channel.title or "", ())
        chat.parent = channel
        chat.members = channel.members
        chat.box.next()
        return chat

    def find_chat(self, bot: BotAccount, reference: str) -> Chat | None:
        """The chat that a ``chat_id`` means for this bot, or None; it is a number or a public chat's ``@username``."""
        if reference.startswith("@"):
            name = reference[1:].lower()
            return next((chat for chat in self.chats.values() if (chat.username or "").lower() == name), None)
        try:
            chat_id = int(reference)
        except ValueError:
            return None
        return self.private_chats.get((bot.id, chat_id)) if chat_id > 0 else self.chats.get(chat_id)

    def reach(self, bot: BotAccount, reference: str, access: Access) -> Chat:
        """The chat that a ``chat_id`` means, if the bot has this access to it.

        Raises:
            ApiError: the chat is unknown, or the bot lacks the access.
        """
        if not reference:
            raise bad_request("chat_id is empty")
        chat = self.find_chat(bot, reference)
        if chat is None or (chat.type != "private" and chat.username is None and bot.id not in chat.members):
            raise unknown_chat()
        check(access_refusal(self.facts(chat, bot), access))
        return chat

    def facts(self, chat: Chat, bot: BotAccount) -> ChatFacts:
        """The facts that the rules of access ask for."""
        is_deactivated = chat.user is not None and chat.user.deactivated
        status, is_public = chat.status_of(bot.id), chat.username is not None
        return ChatFacts(chat.type, status, is_public, is_deactivated, chat.migrated_to, chat.deleted)

    def connection(self, bot: BotAccount, connection_id: str) -> BusinessConnection:
        """This bot's business connection with this id.

        Raises:
            ApiError: there is none.
        """
        connection = self.connections.get(connection_id)
        if connection is None or connection.bot is not bot:
            raise bad_request("Business connection not found")
        return connection

    # What happens to messages.

    def store(
        self,
        chat: Chat,
        sender: User,
        kind: str,
        content: Json,
        *,
        date: int | None = None,
        reply_to: StoredMessage | None = None,
        markup: Json | None = None,
    ) -> StoredMessage:
        """Add a message to a chat, dated now by default. In a channel the channel shows as its sender."""
        message = self._new_message(chat, sender, kind, content, date)
        message.reply_to = reply_to
        message.markup = markup
        for key, box in chat.numberings():
            message.ids[key] = box.next()
            chat.index.setdefault(key, {})[message.ids[key]] = message
        self.changes.notify()
        return message

    def store_ephemeral(
        self,
        chat: Chat,
        sender: User,
        receiver: User,
        kind: str,
        content: Json,
        *,
        reply_to: StoredMessage | None = None,
        replaces: StoredMessage | None = None,
    ) -> StoredMessage:
        """Add an ephemeral message, which has no ordinary number."""
        self.expire(chat)
        if len(chat.ephemeral) >= ephemeral.MAX_PER_CHAT:
            self.remove([next(iter(chat.ephemeral.values()))])
        number = ephemeral.free_identifier(chat.ephemeral)
        own = {"ephemeral_message_id": number, "receiver_user": receiver.json()}
        message = self._new_message(chat, sender, kind, content | own, None)
        message.reply_to = reply_to
        message.replaces = replaces
        message.receiver_id = receiver.id
        message.ephemeral_id = number
        chat.ephemeral[number] = message
        self.changes.notify()
        return message

    def _new_message(self, chat: Chat, sender: User, kind: str, content: Json, date: int | None) -> StoredMessage:
        moment = self.clock.unix_time() if date is None else date
        base: Json = {"date": moment, "chat": chat.json()}
        if chat.type == "channel":
            base["sender_chat"] = chat.json()
        elif chat.shows_itself_for(sender.id):
            base |= sender_fields(chat.json(), chat.json())
            if (title := chat.settings.titles.get(sender.id)) is not None:
                base["author_signature"] = title
        elif chat.parent is not None and chat.is_run_by(sender.id):
            base |= {"from": CHANNEL_BOT, "sender_chat": chat.parent.json()}
        else:
            base["from"] = sender.json()
        if chat.parent is not None and not chat.is_run_by(sender.id):
            chat.writers[sender.id] = sender
            base |= chat.topic_json(sender.id)
        base.update(content)
        message = StoredMessage(self._numbers.serial(), chat, kind, sender.id, moment, base)
        chat.messages[message.serial] = message
        return message

    def register_inline(self, message: StoredMessage) -> None:
        """Give an inline message its ``inline_id``, by which the bot edits it."""
        message.inline_id = f"AgAAAE{message.serial:022}"
        self.inline_messages[message.inline_id] = message

    def expire(self, chat: Chat) -> None:
        """Remove a chat's expired ephemeral messages, bans and restrictions. Nobody is told."""
        now = self.clock.unix_time()
        for member in [found for found in chat.members.values() if people.is_over(found.until_date, now)]:
            is_back = member.status == "restricted" and member.is_member
            chat.members[member.user.id] = Member(member.user, "member" if is_back else "left")
        if not chat.ephemeral:
            return
        old = [m for m in chat.ephemeral.values() if ephemeral.is_expired(timedelta(seconds=now - m.date))]
        if old:
            self.remove(old)

    def remove(self, messages: Iterable[StoredMessage]) -> None:
        """Remove messages for everybody."""
        for message in messages:
            message.is_deleted = True
            chat = message.chat
            chat.messages.pop(message.serial, None)
            for key, number in message.ids.items():
                chat.index[key].pop(number, None)
            if message.ephemeral_id is not None:
                chat.ephemeral.pop(message.ephemeral_id, None)
            if message in chat.pinned:
                chat.pinned.remove(message)
        self.changes.notify()

    def change(self, message: StoredMessage, content: Json) -> None:
        """Replace the content of a message, with the present time as the date of the edit."""
        message.content = {**content, "edit_date": self.clock.unix_time()}
        self.changes.notify()

    def tap(self, user: User, message: StoredMessage, bot: BotAccount, data: str) -> Tap:
        """Add a person's tap on a button."""
        tap = Tap(self._numbers.tap(), bot, user, message, data, self.clock.unix_time())
        self.taps[tap.id] = tap
        return tap
