"""How fast the emulator is: messages a second, and what a test suite of whole conversations takes.

Run it with ``python -m benchmarks.emulator``; it takes about a minute. The server runs in a process of its own, so that
its processor time is told apart from that of its clients: a raw one, with ready-made requests, and aiogram's. All send
a text with an inline keyboard. Then 200 conversations run as anybody's tests: pytest with the plugin, on a file of 200
tests in a folder of its own, each with a fresh server, a dispatcher with sessions, and a wipe at the end.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tgslices.testing import BotApi
from tgslices.testing.http.client import loopback_session

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


BOT_MODULE = """
from typing import Annotated

from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from tgslices import Session, SessionBot, SessionQualifier, setup_sessions

KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Tea", callback_data="tea")]])
Order = Annotated[Session, SessionQualifier("order")]


def make_dispatcher(bot: SessionBot) -> Dispatcher:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot)

    @dispatcher.message(Command("done"))
    async def done(message: Message, order: Order) -> None:
        await message.answer("Enjoy your tea!")
        await order.clear()
        await order.close()

    @dispatcher.message()
    async def answer(message: Message, order: Order) -> None:
        async with order:
            await message.answer(f"you said {message.text}", reply_markup=KEYBOARD)

    return dispatcher
"""
TESTS_HEAD = """
from shop import make_dispatcher

"""
ONE_TEST = """
async def test_order_{number}_leaves_the_farewell(bot, chat, run):
    await run(make_dispatcher(bot))
    await chat.types("/order")
    for number in range({messages}):
        await chat.until(lambda view: len(view.texts()) == 2 * number + 2)
        await chat.types(f"tea {{number}}")
    await chat.until(lambda view: len(view.texts()) == {messages} * 2 + 2)
    await chat.types("/done")
    await chat.until(lambda view: view.texts()[-1] == "Enjoy your tea!" and len(view.texts()) <= 3)
"""
EMPTY_TEST = """
async def test_nothing_{number}():
    pass
"""


def write_suite(folder: Path, test: str) -> None:
    """Write the project of somebody who tests a bot: a bot, the plugin, and one file of tests."""
    (folder / "shop.py").write_text(BOT_MODULE)
    (folder / "conftest.py").write_text('pytest_plugins = ["tgslices.testing.plugin"]\n')
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    tests = (test.format(number=number, messages=MESSAGES) for number in range(CONVERSATIONS))
    (folder / "test_orders.py").write_text(TESTS_HEAD + "\n".join(tests))


def run_suite(name: str, test: str) -> None:
    """Run such tests by pytest, as that project would, and print what they took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_suite(folder, test)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "--junitxml=took.xml"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        cases = ET.parse(folder / "took.xml").iter("testcase")
        taken = [float(case.attrib["time"]) * 1000 for case in cases]
    assert len(taken) == CONVERSATIONS
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name:<44}{wall:>10.1f}{cpu:>10.1f}{statistics.median(taken):>12.1f}{max(taken):>10.0f}")


def measure_suites() -> None:
    """Run conversations as tests, and as many tests that do nothing, to tell what pytest takes by itself."""
    print(f"\n{f'{CONVERSATIONS} tests':<44}{'s in all':>10}{'s of CPU':>10}{'median, ms':>12}{'most, ms':>10}")
    run_suite("that do nothing", EMPTY_TEST)
    run_suite(f"of {MESSAGES + 1} messages each way, and a wipe", ONE_TEST)


if __name__ == "__main__":
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    measure_server()
    measure_suites()
