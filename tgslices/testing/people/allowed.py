"""Checks of what a person may do in a chat: a test fails if its person does more than Telegram allows."""

from __future__ import annotations

from datetime import timedelta

from tgslices.testing.people.waiting import WaitingChat
from tgslices.testing.rules import people
from tgslices.testing.rules.deletion import Candidate
from tgslices.testing.rules.invitations import link_prohibition
from tgslices.testing.rules.people import Prohibition
from tgslices.testing.rules.topics import closed_topic_refusal
from tgslices.testing.state.accounts import User
from tgslices.testing.state.chats import Chat, StoredMessage, Topic
from tgslices.testing.state.settings import InviteLink

__tracebackhide__ = True  # pytest leaves the frames of this module out


class NotAllowed(AssertionError):
    """A person tried something that Telegram does not allow; nothing was done.

    ``reason`` is one sentence about the person, ``remedy`` tells what a test can do, ``seen`` is the chat as the person
    sees it.
    """

    def __init__(self, reason: str, remedy: str, seen: str) -> None:
        super().__init__(reason, remedy, seen)
        self.reason = reason
        self.remedy = remedy
        self.seen = seen

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}.\n{self.seen}"


class CheckedChat(WaitingChat):
    """One chat, with checks of what one person may do there. Every check raises `NotAllowed`."""

    def check_writing(self, kind: str, topic: Topic | None = None) -> None:
        """Check that the person may send a message of this kind into this topic."""
        presence = self.presence()
        self._check(_sending(kind), people.writing_prohibition(presence, kind))
        rights = presence.rights if presence.is_administrator else frozenset()
        if topic is not None and closed_topic_refusal(is_closed=topic.is_closed, rights=rights) is not None:
            closed = Prohibition(f"the topic {topic.name!r} is closed", "Reopen it, or write elsewhere")
            self._check(_sending(kind), closed)

    def check_writing_as(self, sender: Chat) -> None:
        """Check that the person may write in the name of this chat: they run it, and nobody has banned it here."""
        member = sender.members.get(self.person.id)
        runs_it = member is not None and member.is_administrator
        why = "they do not run it" if not runs_it else "it is banned here"
        is_wrong = not runs_it or sender.id in self.chat.settings.banned_senders
        remedy = "Make them an administrator there" if not runs_it else "Lift the ban: unbanChatSenderChat"
        self._check(f"write as {sender.title!r}", Prohibition(why, remedy) if is_wrong else None)

    def check_editing(self, message: StoredMessage) -> None:
        """Check that the person may edit this message."""
        is_own = message.sender_id == self.person.id
        self._check("edit this message", people.editing_prohibition(self.presence(), is_own=is_own))

    def check_deleting(self, message: StoredMessage) -> None:
        """Check that the person may delete this message for everybody. Both sides may delete an ephemeral one."""
        if message.receiver_id is not None and self.person.id in {message.receiver_id, message.sender_id}:
            return
        candidate = Candidate(
            message.chat.type,
            message.message_id,
            message.kind,
            outgoing=message.sender_id == self.person.id,
            age=timedelta(0),
            is_post=message.chat.type == "channel",
            is_direct=message.chat.parent is not None,
        )
        self._check("delete this message", people.deleting_prohibition(self.presence(), candidate))

    def check_pinning(self, message: StoredMessage) -> None:
        """Check that the person may pin this message."""
        self._check("pin this message", people.pinning_prohibition(self.presence(), message.kind))

    def check_acting(self, what: str, permission: str = "") -> None:
        """Check that the person is inside, or has this permission of ``ChatPermissions``."""
        presence = self.presence()
        if permission:
            self._check(what, people.acting_prohibition(presence, permission))
        elif presence.chat_type != "private":
            self._check(what, people.absence(presence))

    def check_joining(self) -> None:
        """Check that the person is not banned."""
        presence = self.presence()
        if presence.status == "kicked":
            self._check("join", people.absence(presence))

    def check_asking_to_join(self) -> None:
        """Check that the person may ask to join."""
        self.check_joining()
        inside = Prohibition("they are in this chat already", "Let somebody ask who is not")
        self._check("ask to join", inside if self.presence().is_inside else None)

    def check_link(self, link: InviteLink | None) -> None:
        """Check that the person may come in by this link; None is one that there never was."""
        self.check_joining()
        if link is None:
            self._check("join by this link", Prohibition("there is no such link", "Take one of this chat"))
            return
        limits = {name: link.fields.get(name, 0) for name in ("expire_date", "member_limit")}
        now = self._world.clock.unix_time()
        wrong = link_prohibition(is_revoked=link.is_revoked, uses=link.uses, now=now, **limits)
        self._check("join by this link", wrong)

    def check_inviting(self, user: User) -> None:
        """Check that the person may add this user."""
        prohibition = people.inviting_prohibition(self.presence(), target_status=self.chat.status_of(user.id))
        self._check(f"add {user.first_name}", prohibition)

    def check_appointing(self, user: User) -> None:
        """Check that the person may appoint this member an administrator, or demote one."""
        status, is_self = self.chat.status_of(user.id), user is self.person
        prohibition = people.appointing_prohibition(self.presence(), target_status=status, is_self=is_self)
        self._check(f"change what {user.first_name} is", prohibition)

    def _check(self, what: str, prohibition: Prohibition | None) -> None:
        if prohibition is not None:
            name = self.chat.title or (self.chat.bot.first_name if self.chat.bot is not None else "this chat")
            reason = f"{self.person.first_name} may not {what} in {name!r}, because {prohibition.why}."
            raise NotAllowed(reason, prohibition.remedy, str(self))


def _sending(kind: str) -> str:
    return "write" if kind == "text" else f"send {kind!r}"
