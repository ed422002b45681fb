"""The rehearsal with a bot that is killed: a real process, SIGKILL, a new process on the same storage."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final, Literal

from examples.order_flow.rehearsal import script
from examples.order_flow.rehearsal.customer import PATIENCE
from examples.order_flow.rehearsal.stage import Stage, counted, ids_in, set_up
from examples.order_flow.rehearsal.verdict import Part
from tgslices.testing import Slow

DITHERING: Final = 55
"""Two messages each time: more than one request can delete, so that the wipe has a middle."""

LEASE_SECONDS: Final = "10"
"""How long a new process waits before it finishes the wipe of a dead one: about as long as it takes to start."""

_ROOT: Final = Path(__file__).parents[3]


class BotProcess:
    """The bot as anybody runs it, ``python -m examples.order_flow`` with a token, in a process of its own."""

    def __init__(self, stage: Stage, storage_url: str, log: Path) -> None:
        """Prepare; ``log`` gets what the process writes."""
        self._arguments = ["-m", "examples.order_flow", "--storage", storage_url, "--lease", LEASE_SECONDS]
        self._environment = {**os.environ, "BOT_TOKEN": stage.account.token, "BOT_API": stage.api.url}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start a new process, and say which."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, cwd=_ROOT, env=self._environment, stdout=log, stderr=log
            )
        print(f"Started the bot as process {self._process.pid}.", flush=True)

    def log(self) -> str:
        """Return what all the processes wrote."""
        return self._log.read_text(errors="replace")

    async def kill(self) -> int:
        """Kill the process without warning; return its number.

        Raises:
            AssertionError: it is not running.
        """
        process = self._process
        if process is None or process.returncode is not None:
            raise AssertionError("the bot's process has ended by itself")
        process.kill()
        await process.wait()
        return process.pid

    async def stop(self) -> None:
        """Ask the process to end, kill it if it does not; harmless if it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


class Hold(asyncio.Event):
    """Holds a call of the emulator for good, and tells when it has one."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        super().__init__()
        self.has_one = asyncio.Event()

    async def wait(self) -> Literal[True]:
        """Tell, and wait."""
        self.has_one.set()
        return await super().wait()


async def rehearse_crashes(storage_url: str, log: Path) -> int:
    """Play the conversation with a bot that dies twice, print what happens, and return the exit code.

    Raises:
        AssertionError: the bot did not do what the customer expected.
    """
    async with set_up() as stage:
        bot = BotProcess(stage, storage_url, log)
        try:
            await order(stage, bot)
            await wipe(stage, bot)
        except AssertionError as error:
            raise AssertionError(f"{error}\n\nThe bot's log:\n{bot.log()}") from None
        finally:
            await bot.stop()
        stage.show("After the wipe:")
        report(stage)
        return stage.judge()


async def order(stage: Stage, bot: BotProcess) -> None:
    """Order, with a bot that is killed when it waits for the address, and comes back after that was typed."""
    customer = stage.customer
    await bot.start()
    await script.begin(customer)
    await script.ask_support(customer)
    # The last thing before the kill is a tap, which the bot answers when all else is done. A bot that dies between
    # sending a message and learning its number leaves a message that nobody can wipe.
    await script.dither(customer, DITHERING)
    await stage.api.idle(timeout=PATIENCE)
    print(f"Killed process {await bot.kill()} in the middle of the order; the customer types on.")
    await customer.types(script.ADDRESS)
    await bot.start()
    await customer.is_answered()
    await script.confirm(customer)
    stage.show("Before /done:")


async def wipe(stage: Stage, bot: BotProcess) -> None:
    """Wipe, with a bot that is killed between two requests; the customer, who had no answer, asks once more."""
    customer, api = stage.customer, stage.api
    hold = Hold()
    api.faults.add(Slow(until=hold), method="deleteMessages", skip=1)
    await customer.types("/done")
    whole = customer.count(Part.ORDER)
    await asyncio.wait_for(hold.has_one.wait(), PATIENCE)
    await customer.chat.until(
        lambda _: len(customer.left_of(Part.ORDER)) < whole and not stage.account.updates.pending, timeout=PATIENCE
    )
    left = len(customer.left_of(Part.ORDER))
    print(f"Killed process {await bot.kill()} in the middle of the wipe; {left} of {whole} messages are still there.")
    await bot.start()
    await customer.chat.until(lambda _: not customer.left_of(Part.ORDER), timeout=PATIENCE)
    print("The new process has finished the wipe; the customer asks for the answer that never came.")
    await customer.says("/done", answered_in=Part.REST)
    if not stage.complaints():  # a case that is gone cannot be closed
        await script.close_case(customer)


def report(stage: Stage) -> None:
    """Print how many messages went in how many requests, by the server's log."""
    done = [request for request in stage.deletions() if request.ok]
    unanswered = [request for request in stage.deletions() if request.status is None]
    print(
        f"The server's log: {counted(ids_in(done), 'message')} in {counted(len(done), 'request')}; "
        f"{counted(len(unanswered), 'more request')} for {counted(ids_in(unanswered), 'message')} "
        "had no answer when the process died."
    )
