"""Running the example as anybody does: in a process of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import forks

ROOT: Final = Path(__file__).parents[2]
MODULE: Final = "examples.order_flow"


@dataclass(frozen=True, slots=True)
class Run:
    """What a process wrote, and its exit code."""

    code: int | None
    out: str
    err: str


async def start(program: str, *arguments: str, cwd: Path = ROOT, **variables: str) -> forks.Program:
    """Start a module or a file with these arguments, and with no token unless one is given."""
    environment = {name: value for name, value in os.environ.items() if name not in {"BOT_TOKEN", "BOT_API"}}
    return await forks.start(program, *arguments, cwd=cwd, env={**environment, **variables})


async def finish(process: forks.Program) -> Run:
    """Wait for the end of a process; kill it if the test is given up."""
    try:
        out, err = await process.communicate()
    finally:
        process.kill()
    return Run(process.returncode, out.decode(), err.decode())


async def run(program: str, *arguments: str, cwd: Path = ROOT, **variables: str) -> Run:
    """Run a program to its end."""
    return await finish(await start(program, *arguments, cwd=cwd, **variables))
