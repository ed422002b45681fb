"""One chat through a person's eyes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tgslices.testing.content.details import as_text, detail_of
from tgslices.testing.content.wording import author_of, printable, service_text, text_of, text_of_content
from tgslices.testing.rules.command_scopes import commands_for
from tgslices.testing.rules.keyboards import Markup, asked_reply, shown_keyboard
from tgslices.testing.rules.kinds import is_service
from tgslices.testing.rules.people import Presence, can_see_chat
from tgslices.testing.rules.rights import PERMISSIONS, all_rights
from tgslices.testing.state.accounts import BotAccount, Member, User
from tgslices.testing.state.chats import Chat, StoredMessage
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json


@dataclass(frozen=True, slots=True)
class VisibleMessage:
    """One message as it looks now.

    ``message_id`` is its number for the (first) bot of the chat, 0 for an ephemeral one. ``text`` is the text, the
    caption, the words of a rich message or the question of a poll, else empty. ``buttons`` are the captions of inline
    buttons, by rows. ``date`` is aware and in UTC. ``stored`` is the message itself, to edit, delete or reply to.
    ``reactions`` are emojis, one for each account. ``topic`` is the name of its topic, empty in General and outside of
    forums.
    """

    message_id: int
    from_id: int
    sender: str
    text: str
    kind: str
    buttons: tuple[tuple[str, ...], ...]
    date: datetime
    stored: StoredMessage
    reactions: tuple[str, ...] = ()
    topic: str = ""

    def __str__(self) -> str:
        number = str(self.message_id) if self.message_id else f"e{self.stored.ephemeral_id}"
        place = f"#{self.topic} " if self.topic else ""
        rows = "".join("  " + " ".join(f"[{button}]" for button in row) for row in self.buttons)
        reactions = f"  {''.join(self.reactions)}" if self.reactions else ""
        return printable(f"{number:>5}  {place}{self.sender}: {self._said()}{reactions}{rows}")

    def _said(self) -> str:
        if self.kind == "text":
            return self.text
        if is_service(self.kind):
            return f"<{self.kind}> {service_text(self.stored)}"
        detail, text = detail_of(self.stored), "" if self.kind == "poll" else self.text
        return " ".join(part for part in (f"<{self.kind}>", str(detail or ""), text) if part)


def inline_rows(message: StoredMessage) -> list[list[dict[str, object]]]:
    """The rows of inline buttons under a message, each button with a text; ``[]`` for none."""
    markup = message.content.get("reply_markup")
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    found = [row for row in rows if isinstance(row, list)] if isinstance(rows, list) else []
    return [[button for button in row if isinstance(button, dict) and "text" in button] for row in found]


def _words(message: StoredMessage) -> str:
    poll = message.content.get("poll")
    return as_text(poll.get("question")) or "" if isinstance(poll, dict) else text_of(message)[0]


def seen(message: StoredMessage, reactions: Iterable[Json] = ()) -> VisibleMessage:
    """The visible form of a message with these ``ReactionType`` objects."""
    author = author_of(message)
    thread_id = message.content.get("message_thread_id")
    topic = message.chat.topics.get(thread_id) if isinstance(thread_id, int) else None
    return VisibleMessage(
        message_id=message.message_id,
        from_id=author.id,
        sender=author.name,
        text=_words(message),
        kind=message.kind,
        buttons=tuple(tuple(as_text(button["text"]) for button in row) for row in inline_rows(message)),
        date=datetime.fromtimestamp(message.date, UTC),
        stored=message,
        reactions=tuple(str(reaction.get("emoji") or reaction["type"]) for reaction in reactions),
        topic=topic.name if topic is not None else "",
    )


def _in_place(shown: list[StoredMessage], me: int) -> list[StoredMessage]:
    """The messages, each replaced by the ephemeral message that takes its place for this receiver, if any."""
    there = {message.serial for message in shown}
    replacing = {
        message.replaces.serial: message
        for message in shown
        if message.replaces is not None and message.receiver_id == me and message.replaces.serial in there
    }
    moved = {message.serial for message in replacing.values()}
    return [replacing.get(message.serial, message) for message in shown if message.serial not in moved]


class SeenChat:
    """One chat through the eyes of one person, at the time of each call."""

    def __init__(self, world: World, person: User, chat: Chat) -> None:
        self._world = world
        self.person = person
        self.chat = chat

    @property
    def id(self) -> int:
        """The chat's number in the Bot API."""
        return self.chat.id

    def stored(self) -> list[StoredMessage]:
        """The messages that the person sees now, oldest first, as the server keeps them; ``[]`` without access."""
        if not can_see_chat(self.presence()):
            return []
        me, member, everything = self.person.id, self.chat.members.get(self.person.id), self.chat.messages.values()
        shown = [m for m in everything if m.receiver_id is None or me in {m.receiver_id, m.sender_id}]
        if self.chat.ephemeral:
            shown = _in_place(shown, me)
        if self.chat.type == "group" and (member is None or not member.is_inside):
            last = 0 if member is None or member.last_serial is None else member.last_serial
            return [message for message in shown if message.serial <= last]
        if self.chat.parent is None or self.chat.is_run_by(me):
            return shown
        return [m for m in shown if m.topic_id == me]

    def presence(self) -> Presence:
        """The person's presence in this chat now. Anybody is inside of a channel's chat for direct messages."""
        chat = self.chat
        self._world.expire(chat)
        member = chat.members.get(self.person.id, Member(self.person, "left"))
        writes_directly = chat.parent is not None and member.status == "left"
        of_all = chat.settings.permissions
        return Presence(
            chat.type,
            "member" if writes_directly else member.status,
            member.is_inside or writes_directly,
            all_rights(chat.type) if member.status == "creator" else member.rights,
            frozenset(PERMISSIONS) if of_all is None else of_all,
            member.until_date,
            is_public=chat.username is not None,
            has_blocked_the_bot=chat.is_blocked,
            is_upgraded=chat.migrated_to is not None,
        )

    def visible(self) -> list[VisibleMessage]:
        """The messages that the person sees now, oldest first; service messages included."""
        return [seen(message, self._reactions(message)) for message in self.stored()]

    def _reactions(self, message: StoredMessage) -> list[Json]:
        return [reaction for given in message.reactions.values() for reaction in given]

    def drafts(self) -> list[str]:
        """The texts of the bot's drafts that are shown now; ``""`` for a draft without text.

        Source: https://core.telegram.org/bots/api#sendmessagedraft
        """
        return [text_of_content(draft.content)[0] for draft in self.chat.drafts_at(self._world.clock.unix_time())]

    def actions(self) -> list[str]:
        """What bots are said to be doing now, such as ``"typing"``: for five seconds, or until their next message.

        Source: https://core.telegram.org/bots/api#sendchataction
        """
        return self.chat.actions_at(self._world.clock.timestamp())

    def texts(self) -> list[str]:
        """The visible texts, oldest first, as in `VisibleMessage`; ``""`` for messages without one."""
        return [_words(message) for message in self.stored()]

    def keyboard(self) -> list[list[str]]:
        """The reply keyboard that is shown now, by rows of captions; ``[]`` for none.

        A selective keyboard shows to people whom its message addresses. A one-time keyboard shows until its first use.
        Source: https://core.telegram.org/bots/api#replykeyboardmarkup
        """
        shown = self.shown_markup()
        rows = [] if shown is None else shown.fields["keyboard"]
        return [[str(b["text"] if isinstance(b, dict) else b) for b in row] for row in rows]

    def shown_markup(self) -> Markup | None:
        """The markup of the reply keyboard that is shown now; None for none."""
        return shown_keyboard(self._markups())

    def asked_reply(self) -> Markup | None:
        """The newest markup that makes the person reply to its message; None for none."""
        return asked_reply(self._markups())

    def commands(self, bot: BotAccount) -> list[Json]:
        """The commands (``BotCommand``) that this bot shows to the person in this chat; ``[]`` for none.

        Source: https://core.telegram.org/bots/api#determining-list-of-commands
        """
        is_administrator = self.presence().is_administrator
        return commands_for(
            bot.settings.commands,
            chat_type=self.chat.type,
            chat_id=self.chat.id,
            user_id=self.person.id,
            is_administrator=is_administrator,
            language=self.person.language_code or "",
        )

    def _markups(self) -> Iterator[Markup]:
        """The markups other than inline buttons, newest first."""
        me = self.person.id
        for message in reversed(self.stored()):
            if message.markup is not None:
                is_addressed = self.chat.type == "private" or self._is_addressed(message)
                yield Markup(message.markup, is_addressed, me in message.used_by, message.serial)

    def _is_addressed(self, message: StoredMessage) -> bool:
        """Whether a message mentions the person, or replies to a message of theirs."""
        if message.reply_to is not None and message.reply_to.sender_id == self.person.id:
            return True
        text, entities = text_of(message)
        if any(
            isinstance(user := entity.get("user"), dict) and user.get("id") == self.person.id for entity in entities
        ):
            return True
        name = self.person.username
        return name is not None and re.search(rf"@{re.escape(name)}\b", text, re.IGNORECASE) is not None

    def __str__(self) -> str:
        """The chat as the person sees it, one line per message and draft."""
        chat = self.chat
        other = chat.bot or (chat.user if self.person is not chat.user else chat.owner)
        name = chat.title or (other.first_name if other is not None else "chat")
        kind = " (business)" if chat.owner is not None else ""
        lines = [str(message) for message in self.visible()] or ["       (nothing is visible)"]
        lines += [f"    …  (draft) {text}".rstrip() for text in self.drafts()]
        return printable("\n".join([f"--- {name}{kind}, as {self.person.first_name} sees it ---", *lines]))
