"""How fast the emulator is: messages a second, and what a test suite of whole conversations takes.

Run it with ``python -m benchmarks.emulator``; it takes less than a minute. The server runs in a process of its own, so
that its processor time is told apart from that of its clients: a raw one, with ready-made requests, and aiogram's.
All send a text with an inline keyboard. Then 200 conversations run as tests would, each with a fresh server, a
dispatcher and five messages each way, in one process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

import psutil
from aiogram import Bot, Dispatcher
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from tgslices.testing import BotApi
from tgslices.testing.loopback import loopback_session
from tgslices.testing.running import running

SECONDS = 3.0
CONNECTIONS = 4
CONVERSATIONS = 200
MESSAGES = 5
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Tea", callback_data="tea")]])


@dataclass(frozen=True, slots=True)
class Served:
    """A server in a process of its own, with one bot and one person."""

    url: str
    token: str
    chat_id: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of processor time that the server has taken."""
        times = self.process.cpu_times()
        return times.user + times.system


def serve(pipe: Connection) -> None:
    """Serve until the other end says so."""

    async def main() -> None:
        async with BotApi() as api:
            account = api.add_bot("bench_bot")
            chat = api.add_person("Ann").private_chat(account)
            pipe.send((api.url, account.token, chat.id))
            await asyncio.to_thread(pipe.recv)

    asyncio.run(main())


Sender = Callable[[], Awaitable[object]]


async def measure(served: Served, name: str, sender: Sender) -> None:
    """Send over several connections at once for a while, and print how many went through."""
    sent = 0

    async def keep_sending(until: float) -> None:
        nonlocal sent
        while time.perf_counter() < until:
            await sender()
            sent += 1

    await sender()
    cpu, start = served.cpu(), time.perf_counter()
    await asyncio.gather(*(keep_sending(start + SECONDS) for _ in range(CONNECTIONS)))
    wall, work = time.perf_counter() - start, served.cpu() - cpu
    print(f"{name:<44}{sent / wall:>12,.0f}{sent / work:>20,.0f}")


def multipart_request(served: Served) -> bytes:
    """A request as aiogram's client writes it."""
    fields = {"chat_id": str(served.chat_id), "text": "Your tea is ready.", "reply_markup": KEYBOARD.model_dump_json()}
    part = '--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(part.format(name, value) for name, value in fields.items()) + "--b--\r\n"
    head = f"POST /bot{served.token}/sendMessage HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n{body}".encode()


async def measure_raw(served: Served) -> None:
    """Write ready-made requests and read no more of the answers than it takes to tell them apart."""
    request = multipart_request(served)
    host, port = served.url.removeprefix("http://").split(":")
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS)]
    free = list(streams)

    async def send() -> None:
        reader, writer = free.pop()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        assert answer.startswith(b'{"ok":true')
        free.append((reader, writer))

    await measure(served, "raw client, multipart with a keyboard", send)
    for _, writer in streams:
        writer.close()


async def measure_aiogram(served: Served) -> None:
    """Send with aiogram's own client."""
    async with Bot(served.token, session=loopback_session(served.url)) as bot:
        text = "Your tea is ready."
        await measure(served, "aiogram's client", lambda: bot.send_message(served.chat_id, text, reply_markup=KEYBOARD))


async def measure_messages(served: Served) -> None:
    """Send with both clients."""
    print(f"{f'sendMessage, {CONNECTIONS} connections':<44}{'a second':>12}{'a second of its CPU':>20}")
    await measure_raw(served)
    await measure_aiogram(served)


def measure_server() -> None:
    """Start a server in a process of its own, measure it and stop it. It is forked, which spares it the imports."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    url, token, chat_id = here.recv()
    asyncio.run(measure_messages(Served(url, token, chat_id, psutil.Process(process.pid))))
    here.send("stop")
    process.join()


def echo() -> Dispatcher:
    """A bot that answers every message."""
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def answer(message: Message) -> None:
        await message.answer(f"you said {message.text}", reply_markup=KEYBOARD)

    return dispatcher


async def converse() -> None:
    """One conversation as a test would hold it."""
    async with BotApi() as api:
        account = api.add_bot("bench_bot")
        chat = api.add_person("Ann").private_chat(account)
        async with Bot(account.token, session=api.client_session()) as bot, running(echo(), bot):
            for number in range(MESSAGES):
                await chat.types(f"hello {number}")
                await chat.until(lambda view, count=2 * number + 2: len(view.texts()) == count)  # type: ignore[misc]


def measure_conversations() -> None:
    """Hold many conversations, one after another, each in an event loop of its own as pytest does."""
    taken, cpu = [], time.process_time()
    for _ in range(CONVERSATIONS):
        start = time.perf_counter()
        asyncio.run(converse())
        taken.append((time.perf_counter() - start) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / CONVERSATIONS
    print(
        f"\n{CONVERSATIONS} conversations of {MESSAGES} messages each way: {sum(taken) / 1000:.1f} s in all; one takes "
        f"{statistics.median(taken):.1f} ms (median), {max(taken):.0f} ms at most, {cpu:.1f} ms of processor time"
    )


if __name__ == "__main__":
    measure_server()
    measure_conversations()
