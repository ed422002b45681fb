"""Running the example as anybody does: in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MODULE: Final = ("-m", "examples.order_flow")


@dataclass(frozen=True, slots=True)
class Run:
    """What a process wrote, and its exit code."""

    code: int | None
    out: str
    err: str


async def start(*arguments: str, cwd: Path = ROOT, **variables: str) -> asyncio.subprocess.Process:
    """Start Python with these arguments, and with no token unless one is given."""
    environment = {name: value for name, value in os.environ.items() if name not in {"BOT_TOKEN", "BOT_API"}}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        *arguments,
        cwd=cwd,
        env={**environment, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def finish(process: asyncio.subprocess.Process) -> Run:
    """Wait for the end of a process; kill it if the test is given up."""
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Run(process.returncode, out.decode(), err.decode())


async def run(*arguments: str, cwd: Path = ROOT, **variables: str) -> Run:
    """Run Python with these arguments to its end."""
    return await finish(await start(*arguments, cwd=cwd, **variables))
