"""A Bot API that costs next to nothing: it accepts everything, and counts what was sent and deleted.

The emulator of the testing kit knows Telegram's rules, and would be what limits a benchmark.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import unquote_plus

from benchmarks.whole_bot.http import Messages

CHAT = re.compile(rb"chat_id=(\d+)")
IDS = re.compile(rb"message_ids=([^&]+)")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
MESSAGE = (
    b'{"ok":true,"result":{"message_id":%d,"date":1800000000,"text":"ok",'
    b'"chat":{"id":%b,"type":"private","first_name":"Ann"},'
    b'"from":{"id":123456789,"is_bot":true,"first_name":"Bot","username":"whole_bot"}}}'
)


class Ids:
    """Numbers of messages: what people and bots send is numbered by one count, as in a chat."""

    def __init__(self) -> None:
        self.last = 1_000

    def next(self) -> int:
        self.last += 1
        return self.last


class BotApi:
    """What all connections share."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.deleted = 0

    async def start(self) -> str:
        """Return the address."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Answering(self), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()

    def answer(self, head: bytes, body: bytes) -> bytes:
        method = head[: head.find(b" HTTP")].rsplit(b"/", 1)[1]
        if method == b"sendMessage":
            [chat] = CHAT.findall(body)
            return MESSAGE % (self.ids.next(), chat)
        if method == b"deleteMessages":
            [ids] = IDS.findall(body)
            self.deleted += unquote_plus(ids.decode()).count(",") + 1
        return b'{"ok":true,"result":true}'


class _Answering(Messages):
    def __init__(self, api: BotApi) -> None:
        super().__init__()
        self.api = api

    def message_received(self, head: bytes, body: bytes) -> None:
        answer = self.api.answer(head, body)
        self.transport.write(ANSWER % (len(answer), answer))
