"""Programs in processes of their own that have imported everything already: to import aiogram takes seconds."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
import time
from asyncio import ReadTransport, StreamReader, StreamReaderProtocol
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import pytest

FORKS: Final = multiprocessing.get_context("forkserver")
"""Makes processes by forking one that has imported what is named here."""

FORKS.set_forkserver_preload(
    ["tests.acceptance.worker", "tests.storage.sqlalchemy.processes", "tgslices.testing.plugin", "tests.frozen"]
)


class Program:
    """A module or a file that runs as Python runs it. It reads nothing, and says each line at once."""

    def __init__(self, words: tuple[str, ...], cwd: Path | None, environment: Mapping[str, str]) -> None:
        """Start it."""
        self._outputs, ends = zip(*(multiprocessing.Pipe(duplex=False) for _ in range(2)), strict=True)
        arguments = (words, str(cwd or Path.cwd()), dict(environment), *ends)
        self._process = FORKS.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        for end in ends:
            end.close()
        self._transports: list[ReadTransport] = []

    async def listen(self) -> None:
        """Begin to read what it says."""
        self.stdout, self.stderr = [await self._reader(output) for output in self._outputs]

    async def _reader(self, output: Connection) -> StreamReader:
        reader = StreamReader()
        file = os.fdopen(os.dup(output.fileno()), "rb", 0)
        output.close()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: StreamReaderProtocol(reader), file)
        self._transports.append(transport)
        return reader

    @property
    def returncode(self) -> int | None:
        """The exit code, or minus the number of the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process.pid is not None and self.returncode is None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    async def wait(self) -> int:
        """Wait until it has ended."""
        await asyncio.to_thread(self._process.join)
        for transport in self._transports:
            transport.close()
        return self._process.exitcode or 0

    async def communicate(self) -> tuple[bytes, bytes]:
        """Read the rest of what it says, to its end."""
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err


async def start(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Program:
    """Run a module or a file, the first word, with the others in a process of its own."""
    program = Program(words, cwd, os.environ if env is None else env)
    await program.listen()
    return program


def run_pytest(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Run a project's tests in a process of its own, as ``runpytest_subprocess`` does."""

    async def ran() -> tuple[int, str, str]:
        place = f"--basetemp={project.mkdir(f'forked-{time.monotonic_ns()}')}"
        imported = "-Wignore::pytest.PytestAssertRewriteWarning"  # pytest and its plugins are there already
        program = await start("pytest", place, imported, *words, cwd=project.path)
        out, err = await program.communicate()
        return await program.wait(), out.decode(), err.decode()

    begun = time.monotonic()
    code, out, err = asyncio.run(ran())
    return pytest.RunResult(code, out.splitlines(), err.splitlines(), time.monotonic() - begun)


def _run(words: tuple[str, ...], cwd: str, environment: dict[str, str], out: Connection, err: Connection) -> None:
    for number, end in enumerate((out, err), start=1):
        with closing(end):
            os.dup2(end.fileno(), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, cwd)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file, as that of any program
    program, *sys.argv[1:] = words
    if program.endswith(".py"):
        sys.argv[0] = program
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
