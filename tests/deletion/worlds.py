"""Random worlds: chats of every type and standing, messages of every kind and age, and a slice to be cleared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from tests.deletion.scene import Scene
from tgslices.deletion.plan import plan_deletion
from tgslices.model import TrackedMessage
from tgslices.results import ClearResult, Outcome
from tgslices.testing import Chat, Drop, Failure, Flood, Member, StoredMessage
from tgslices.testing.methods.deleting import candidate, standing
from tgslices.testing.rules.deletion import deletion_refusal

KINDS = ("text", "text", "text", "photo", "dice", "pinned_message", "new_chat_members", "forum_topic_created")
AGES = tuple(timedelta(hours=hours) for hours in (0, 1, 23, 30, 47, 50))
STANDINGS = ("member", "member", "administrator", "administrator", "kicked", "left")
DELETION_RIGHTS = ("can_delete_sent_messages", "can_delete_all_messages")
BUSINESS_RIGHTS = ((), DELETION_RIGHTS[:1], DELETION_RIGHTS[1:])
FAULTS = (Flood(1), Flood(20), Flood(40), Failure(500), Failure(502), Drop(), Drop(after_work=True))


@dataclass(slots=True)
class World:
    """``slice`` is what is to be cleared, ``bystanders`` what must not be touched."""

    scene: Scene
    random: Random
    slice: list[tuple[StoredMessage, TrackedMessage]] = field(default_factory=list)
    bystanders: list[StoredMessage] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    connections: dict[int, frozenset[str]] = field(default_factory=dict)

    # Building

    def populate(self) -> None:
        """Add a few chats with messages, and shuffle the slice."""
        makers = (self._private, self._group, self._supergroup, self._channel, self._business, self._ephemeral)
        for _ in range(self.random.randint(1, 3)):
            self.random.choice(makers)()
        self.random.shuffle(self.slice)

    def add_faults(self) -> None:
        """Script a few faults."""
        random = self.random
        for _ in range(random.randint(0, 4)):
            times, skip = random.choice((1, 1, 2, 5)), random.randint(0, 6)
            self.scene.api.faults.add(random.choice(FAULTS), times=times, skip=skip)

    def _private(self) -> None:
        person = self.scene.api.add_person("P")
        person.deactivated = self.random.random() < 0.1
        self._fill(self.scene.private_chat(person), closed=person.deactivated)

    def _group(self) -> None:
        group = self.scene.api.add_group("G", members=[self.scene.account, self.scene.ann])
        self._fill(group, before_closing=True)
        if self.random.random() < 0.2:
            heir = self.scene.api.add_supergroup("G", admins=[self.scene.account])
            self.bystanders += self.scene.plant(heir, 10)
            group.migrated_to = heir.id
            self.closed.add(id(group))
        else:
            self._stand(group)

    def _supergroup(self) -> None:
        group = self.scene.api.add_supergroup("S", members=[self.scene.account, self.scene.ann])
        self._stand(group)
        self._fill(group, closed=id(group) in self.closed)

    def _channel(self) -> None:
        channel = self.scene.api.add_channel("C", admins=[self.scene.account, self.scene.ann])
        rights = self.random.choice(({"can_post_messages"}, {"can_post_messages", "can_delete_messages"}))
        channel.members[self.scene.account.id] = Member(self.scene.account, "administrator", frozenset(rights))
        self._fill(channel)

    def _business(self) -> None:
        api, account = self.scene.api, self.scene.account
        owner, customer = api.add_person("Owner"), api.add_person("Customer")
        rights = frozenset(self.random.choice(BUSINESS_RIGHTS))
        connection_id = api.connect_business(owner, account, **{right: right in rights for right in DELETION_RIGHTS})
        chat = api.world.business_chat(customer, owner)
        self.connections[id(chat)] = rights
        for _n in range(self._size()):
            own = self.random.random() < 0.5
            content = {"text": "hi"} | ({"sender_business_bot": account.json()} if own else {})
            message = api.world.store(chat, owner if own else customer, "text", content)
            if self.random.random() < 0.7:
                self.slice.append((message, self.scene.record(message, business_connection_id=connection_id)))
            else:
                self.bystanders.append(message)
        same_number = api.world.private_chat(customer, account)
        self.bystanders += self.scene.plant(same_number, 5)

    def _ephemeral(self) -> None:
        group = self.scene.api.add_supergroup("E", members=[self.scene.account, self.scene.ann])
        for _ in range(self.random.randint(1, 5)):
            message = self.scene.api.world.store_ephemeral(group, self.scene.account, self.scene.ann, "text", {})
            if self.random.random() < 0.7:
                self.slice.append((message, self.scene.record(message)))
            else:
                self.bystanders.append(message)
        self._fill(group)

    def _size(self) -> int:
        return self.random.choice((1, 1, 2, 2, 3, 3, 5, 5, 8, 8, 12, 30, 120))

    def _stand(self, chat: Chat) -> None:
        status = self.random.choice(STANDINGS)
        rights = frozenset({"can_delete_messages"}) if status == "administrator" and self.random.random() < 0.7 else ()
        chat.members[self.scene.account.id] = Member(self.scene.account, status, frozenset(rights))
        if status in {"kicked", "left"}:
            self.closed.add(id(chat))

    def _fill(self, chat: Chat, *, closed: bool = False, before_closing: bool = False) -> None:
        if closed:
            self.closed.add(id(chat))
        random = self.random
        kinds = KINDS if random.random() < 0.5 else ("text",)
        ages = AGES if random.random() < 0.5 else (timedelta(hours=1),)
        for _ in range(self._size()):
            own, kind, age = random.random() < 0.6, random.choice(kinds), random.choice(ages)
            (message,) = self.scene.plant(chat, own=own, kind=kind, age=age)
            if random.random() < 0.2:
                self.bystanders.append(message)
                continue
            self.slice.append((message, self._track(message, own)))
            if random.random() < 0.05:
                self.scene.api.world.remove([message])

    def _track(self, message: StoredMessage, own: bool) -> TrackedMessage:
        record = self.scene.record(message)
        if self.random.random() < 0.05:
            return self.scene.record(message, date=None, at=record.at + timedelta(minutes=1))
        if own and message.kind in {"text", "photo", "dice"} and self.random.random() < 0.1:
            return self.scene.record(message, kind=None)
        return record

    # Judging

    def is_deletable(self, message: StoredMessage) -> bool:
        """Tell by the server's own rules whether the bot may delete a message, a dice on its second day."""
        chat, account = message.chat, self.scene.account
        if id(chat) in self.closed:
            return False
        if message.ephemeral_id is not None:
            return True
        if chat.owner is not None:
            helpful = DELETION_RIGHTS if message.is_from(account.id) else DELETION_RIGHTS[1:]
            return not self.connections[id(chat)].isdisjoint(helpful)
        now = self.scene.api.clock.unix_time()
        if message.kind == "dice" and chat.type == "private":
            now = max(now, message.date + 25 * 3600)
        return deletion_refusal(candidate(message, account, now), standing(chat, account)) is None

    def check(self, deletable: list[StoredMessage]) -> None:
        """Check after the last settling that all that could go is gone, and nothing else."""
        left = [message for message in deletable if not message.is_deleted]
        assert not left, "every deletable message of the slice is gone"
        assert not any(message.is_deleted for message in self.bystanders), "nothing outside of the slice is touched"


def check_account(result: ClearResult, records: list[TrackedMessage]) -> None:
    """Check that every entry is accounted for exactly once."""
    reported = [m for outcome in Outcome for m in getattr(result, outcome.value)]
    assert Counter(reported) == Counter(records)
    assert len(reported) == int(result)


def most_requests(world: World, result: ClearResult) -> int:
    """Return how many requests clearing a world may take when nothing goes wrong: far below one per message."""
    scene = world.scene
    plan = plan_deletion([record for _, record in world.slice], now=scene.now, bot_id=scene.account.id)
    culprits = len(result.refused) + len(result.deferred) - len(plan.deferred)
    return plan.requests + min(14 * culprits, 10 * (plan.requests + 1) + culprits)
