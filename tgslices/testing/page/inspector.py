"""The session inspector: which slices are open, what each holds, and what is pending. It only reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from tgslices.commands.naming import spelled
from tgslices.errors import StorageError
from tgslices.model import PendingDeletion, SessionKey, TrackedMessage
from tgslices.results import ClearResult
from tgslices.storage.acquiring import durable
from tgslices.storage.listing_protocol import ListedPage
from tgslices.storage.opening import open_storage
from tgslices.storage.pending_protocol import PendingPage
from tgslices.storage.protocol import DurableSessionStorage
from tgslices.testing.page.places import business_name, group_name, private_name
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

MAX_ENTRIES: Final = 200
"""Of one slice; the number of all is shown beside."""

MAX_SESSIONS: Final = 100
"""Of one bot; the number of all is shown above."""

_ALONE: Final = ("memory:", "sqlite:", "sqlite+")
"""SQLite is one process's unless both are told otherwise, and then whoever comes first keeps the other out."""


class ReadableStorage(Protocol):
    """What the inspector asks of a storage: four methods of ``DurableSessionStorage``."""

    async def list_sessions(self, bot_id: int, *, limit: int) -> ListedPage:
        """The first open sessions of the bot, those that were opened first."""

    async def count_sessions(self, bot_id: int) -> int:
        """The number of open sessions of the bot."""

    async def list_pending(self, bot_id: int, *, limit: int) -> PendingPage:
        """The first pending deletions of the bot, those that are due first."""

    async def list(self, key: SessionKey) -> list[TrackedMessage]:
        """The entries of a key."""


def open_shared(url: str) -> DurableSessionStorage:
    """The storage of a bot that runs in another process; nothing is connected before its first use.

    Raises:
        StorageError: it cannot be opened, or its sessions are known to the bot's own process alone.
    """
    storage = None if url.startswith(_ALONE) else open_storage(url)
    shared = None if storage is None else durable(storage)
    if shared is None or shared is not storage:
        raise StorageError(
            f"What is kept in {url.partition(':')[0]} is known to the bot's process alone.",
            "Call api.inspect(bot.sessions) there, with BotApi(page=True).",
        )
    return shared


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


class _Storing(Protocol):
    @property
    def storage(self) -> ReadableStorage: ...


class InspectedSession(Protocol):
    """What the inspector asks of a ``Session``: two ways to end it."""

    async def clear(self) -> ClearResult:
        """Delete its messages from Telegram."""

    async def close(self) -> int:
        """Forget its messages, and leave Telegram alone."""


class InspectableManager(Protocol):
    """What the inspector asks of a ``SessionManager``: whose sessions it has, where they are kept, and one of them."""

    def handle(self, key: SessionKey) -> InspectedSession:
        """The session of a key."""

    @property
    def bot(self) -> _Numbered:
        """The bot."""

    @property
    def tracker(self) -> _Storing:
        """What holds the storage."""


class Inspector:
    """Reads the sessions of the bots that were registered with it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sources: dict[int, ReadableStorage] = {}
        self._managers: dict[int, InspectableManager] = {}
        self._shown: dict[str, SessionKey] = {}

    @property
    def has_sources(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._sources)

    def watch(self, bot_id: int, storage: ReadableStorage, manager: InspectableManager | None = None) -> None:
        """Show the sessions of a bot as this storage has them, in place of what was shown of it before.

        With a ``manager`` they can be ended, too.
        """
        self._sources[bot_id] = storage
        self._managers.pop(bot_id, None)
        if manager is not None:
            self._managers[bot_id] = manager
        self._world.changes.notify()

    def session(self, label: str) -> InspectedSession | None:
        """The session that is shown under a label; None if none is, or if it can only be read."""
        key = self._shown.get(label)
        manager = None if key is None else self._managers.get(key.bot_id)
        return None if manager is None or key is None else manager.handle(key)

    async def read(self) -> dict[str, Json]:
        """The open slices as ``slice:<bot>:<number>``, and each bot's state as ``sessions:<bot>``.

        A storage that cannot be read now is shown as such: what the page shows is no reason to fail.
        """
        found: dict[str, Json] = {}
        for bot_id, storage in list(self._sources.items()):
            try:
                found.update(await self._read(bot_id, storage))
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the page says so and goes on
                found[f"sessions:{bot_id}"] = {"bot": bot_id, "error": f"{type(error).__name__}: {error}"}
        return found

    async def _read(self, bot_id: int, storage: ReadableStorage) -> dict[str, Json]:
        page = await storage.list_sessions(bot_id, limit=MAX_SESSIONS)
        pending = (await storage.list_pending(bot_id, limit=MAX_ENTRIES)).pending
        found: dict[str, Json] = {}
        self._shown = {label: key for label, key in self._shown.items() if key.bot_id != bot_id}
        for listed in sorted(page.sessions, key=lambda session: _order(session.key)):
            key = listed.key
            entries = await storage.list(key)
            self._shown[_label(key)] = key
            found[f"slice:{_label(key)}"] = {
                **self._key_json(key),
                "label": _label(key),
                "spelled": spelled(key),
                "can_be_ended": bot_id in self._managers,
                "opened": listed.opened_at.timestamp(),
                "used": listed.active_at.timestamp(),
                "due": None if listed.due_at is None else listed.due_at.timestamp(),
                "count": len(entries),
                "entries": [_entry(entry) for entry in entries[-MAX_ENTRIES:]],
            }
        found[f"sessions:{bot_id}"] = {
            "bot": bot_id,
            "open": len(page.sessions) if page.after is None else await storage.count_sessions(bot_id),
            "shown": len(page.sessions),
            "pending": [self._pending_json(item) for item in pending],
        }
        return found

    def _key_json(self, key: SessionKey) -> Json:
        return {
            "bot": key.bot_id,
            "chat": key.chat_id,
            "place": self._place(key),
            "user": key.user_id,
            "user_name": None if key.user_id is None else self._name_of(key.user_id),
            "topic": key.thread_id,
            "connection": key.business_connection_id,
            "qualifier": key.qualifier,
        }

    def _pending_json(self, item: PendingDeletion) -> Json:
        return {**self._key_json(item.key), "due": item.due_at.timestamp(), "entry": _entry(item.message)}

    def _place(self, key: SessionKey) -> str:
        connection = self._world.connections.get(key.business_connection_id or "")
        if connection is not None:
            return business_name(connection.owner.id, key.chat_id)
        return private_name(key.bot_id, key.chat_id) if key.chat_id > 0 else group_name(key.chat_id)

    def _name_of(self, user_id: int) -> str:
        user = self._world.users.get(user_id)
        return user.first_name if user is not None else str(user_id)


def _order(key: SessionKey) -> tuple[Any, ...]:
    return key.chat_id, key.user_id or 0, key.thread_id or 0, key.qualifier is not None, key.qualifier or ""


def _label(key: SessionKey) -> str:
    parts: Iterable[object] = (
        key.bot_id, key.chat_id, key.user_id, key.thread_id, key.business_connection_id,
        "-" if key.qualifier is None else f"+{key.qualifier}",
    )  # fmt: skip
    return ":".join("" if part is None else str(part) for part in parts)


def _entry(message: TrackedMessage) -> Json:
    return {
        "id": message.message_id or None,
        "chat": message.chat_id,
        "ephemeral": message.ephemeral_message_id,
        "kind": None if message.kind is None else str(message.kind.value),
        "direction": message.direction.value,
        "date": None if message.date is None else message.date.timestamp(),
    }
