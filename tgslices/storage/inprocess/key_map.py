"""A mapping from session keys to values that can also be asked by chat, by bot, and by the scope of an update.

Most chats hold one key, and there may be a million of them, so one key costs one entry of one dictionary. Only a chat
that holds several gets a table of its own, by :data:`Part`. What becomes empty is dropped at once. A key is kept as a
plain tuple of its parts: the garbage collector passes over plain tuples of plain values, and over nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Generic, TypeAlias, TypeVar, final

from tgslices.model import Scope, SessionKey

V = TypeVar("V")

Part: TypeAlias = tuple[int | None, int | None, str | None]
"""User, topic and business connection: what decides, within one chat, which scopes a key matches."""

Node: TypeAlias = tuple[int | None, int | None, str | None, str | None, V]
"""The three of a part, the qualifier, and the value."""


@final
class _ManyQualifiers(dict[str | None, Node[V]]):
    """The keys of one part of a chat that differ in the qualifier alone."""


@final
class _ManyKeys(Generic[V]):
    """A chat that holds more than one key."""

    __slots__ = ("_parts",)

    def __init__(self, first: Node[V]) -> None:
        self._parts: dict[Part, Node[V] | _ManyQualifiers[V]] = {first[:3]: first}

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __iter__(self) -> Iterator[Node[V]]:
        return _each(self._parts.values())

    def nodes(self, user_id: int | None) -> Iterator[Node[V]]:
        """Yield every node, those of a user's part without topic and connection first."""
        first = self._parts.get((user_id, None, None))
        if first is not None:
            yield from _each([first])
        yield from self

    def put(self, node: Node[V]) -> None:
        there = self._parts.get(node[:3])
        if type(there) is _ManyQualifiers:
            there[node[3]] = node
        elif there is None or there[3] == node[3]:
            self._parts[node[:3]] = node
        else:
            self._parts[node[:3]] = _ManyQualifiers({there[3]: there, node[3]: node})

    def get(self, key: SessionKey) -> Node[V] | None:
        there = self._parts.get(_part(key))
        if type(there) is _ManyQualifiers:
            return there.get(key.qualifier)
        return there if there is not None and there[3] == key.qualifier else None

    def drop(self, node: Node[V]) -> None:
        there = self._parts[node[:3]]
        if type(there) is _ManyQualifiers:
            del there[node[3]]
        if type(there) is not _ManyQualifiers or not there:
            del self._parts[node[:3]]

    def matching(self, scope: Scope) -> Iterator[Node[V]]:
        user, thread, connection = scope.user_id, scope.thread_id, scope.business_connection_id
        find = self._parts.get
        found = [find((None, None, connection))]
        if user is not None:
            found.append(find((user, None, connection)))
        if thread is not None:
            found.append(find((None, thread, connection)))
            if user is not None:
                found.append(find((user, thread, connection)))
        return _each(there for there in found if there is not None)


class KeyMap(Generic[V]):
    """Values by key, found without looking at the others. None is no value."""

    __slots__ = ("by_bot",)

    def __init__(self) -> None:
        self.by_bot: dict[int, dict[int, Node[V] | _ManyKeys[V]]] = {}
        """What is kept, for paths that can pay no call: a bot is here while it has a key.

        A chat that holds one key has a plain tuple.
        """

    def __contains__(self, key: SessionKey) -> bool:
        return self._find(key) is not None

    def get(self, key: SessionKey) -> V | None:
        """Return the value of a key, or None."""
        node = self._find(key)
        return None if node is None else node[4]

    def put(self, key: SessionKey, value: V) -> None:
        """Set the value of a key."""
        chat_id = key.chat_id
        # In a private chat both ids are the same number; one object for both saves memory and a cache miss.
        user_id = chat_id if key.user_id == chat_id else key.user_id
        node = (user_id, key.thread_id, key.business_connection_id, key.qualifier, value)
        self.put_node(key.bot_id, chat_id, node)

    def put_node(self, bot_id: int, chat_id: int, node: Node[V]) -> None:
        """Set the value of a key that is given by its parts."""
        chats = self.by_bot.setdefault(bot_id, {})
        there = chats.get(chat_id)
        if type(there) is _ManyKeys:
            there.put(node)
        elif there is None or there[:4] == node[:4]:
            chats[chat_id] = node
        else:
            many = chats[chat_id] = _ManyKeys(there)
            many.put(node)

    def pop(self, key: SessionKey) -> V | None:
        """Remove a key; return its value, or None."""
        node = self._find(key)
        if node is None:
            return None
        chats = self.by_bot[key.bot_id]
        there = chats[key.chat_id]
        if type(there) is _ManyKeys:
            there.drop(node)
        if type(there) is not _ManyKeys or not there:
            del chats[key.chat_id]
        if not chats:
            del self.by_bot[key.bot_id]
        return node[4]

    def matching(self, scope: Scope) -> list[V]:
        """Return the values of the keys that a scope belongs to, in no particular order.

        The rule is that of ``DurableSessionStorage.matching``.
        """
        return [node[4] for node in self.matching_nodes(scope)]

    def matching_nodes(self, scope: Scope) -> list[Node[V]]:
        """Return what is kept of the keys that a scope belongs to, in the order of :meth:`matching`."""
        chats = self.by_bot.get(scope.bot_id)
        there = None if chats is None else chats.get(scope.chat_id)
        if there is None:
            return []
        if type(there) is _ManyKeys:
            return list(there.matching(scope))
        # Written out, because this is on the path of every update.
        user_id, thread_id, business_connection_id, _, _ = there
        if (
            (user_id is None or user_id == scope.user_id)
            and (thread_id is None or thread_id == scope.thread_id)
            and business_connection_id == scope.business_connection_id
        ):
            return [there]
        return []

    def nodes_of_chat(self, bot_id: int, chat_id: int, user_id: int | None) -> Iterable[Node[V]]:
        """Return what is kept of every key of a chat, that of a user before others."""
        chats = self.by_bot.get(bot_id)
        there = None if chats is None else chats.get(chat_id)
        if there is None:
            return ()
        return there.nodes(user_id) if type(there) is _ManyKeys else (there,)

    def matching_keys(self, scope: Scope) -> list[SessionKey]:
        """Return the keys that a scope belongs to, in the order of :meth:`matching`."""
        there = self.by_bot.get(scope.bot_id, {}).get(scope.chat_id)
        if type(there) is _ManyKeys:
            return [_key(scope.bot_id, scope.chat_id, node) for node in there.matching(scope)]
        return self.of_chat(scope.bot_id, scope.chat_id) if self.matching_nodes(scope) else []

    def of_chat(self, bot_id: int, chat_id: int) -> list[SessionKey]:
        """Return every key of a chat, in no particular order."""
        there = self.by_bot.get(bot_id, {}).get(chat_id)
        return [] if there is None else [_key(bot_id, chat_id, node) for node in _each([there])]

    def few_of_chat(self, bot_id: int, chat_id: int, most: int) -> list[SessionKey] | None:
        """Return every key of a chat, in no particular order; None where there are more than ``most``."""
        there = self.by_bot.get(bot_id, {}).get(chat_id)
        nodes = [] if there is None else list(islice(_each([there]), most + 1))
        return None if len(nodes) > most else [_key(bot_id, chat_id, node) for node in nodes]

    def of_bot(self, bot_id: int) -> list[SessionKey]:
        """Return every key of a bot, in no particular order."""
        chats = self.by_bot.get(bot_id, {})
        return [_key(bot_id, chat_id, node) for chat_id, there in chats.items() for node in _each([there])]

    def _find(self, key: SessionKey) -> Node[V] | None:
        chats = self.by_bot.get(key.bot_id)
        there = None if chats is None else chats.get(key.chat_id)
        if type(there) is _ManyKeys:
            return there.get(key)
        return there if there is not None and there[:4] == (*_part(key), key.qualifier) else None


def _part(key: SessionKey) -> Part:
    return (key.user_id, key.thread_id, key.business_connection_id)


def _key(bot_id: int, chat_id: int, node: Node[V]) -> SessionKey:
    return SessionKey(bot_id, chat_id, *node[:4])


def _each(nodes: Iterable[Node[V] | _ManyQualifiers[V] | _ManyKeys[V]]) -> Iterator[Node[V]]:
    for node in nodes:
        if type(node) is _ManyQualifiers:
            yield from node.values()
        elif type(node) is _ManyKeys:
            yield from node
        else:
            yield node
