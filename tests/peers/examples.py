"""Runs the examples of aiogram and aiogram_dialog unchanged against the emulator.

``AIOGRAM=<checkout> AIOGRAM_DIALOG=<checkout> python -m tests.peers.examples [part of a name]...``, with
``EXAMPLES_PYTHON`` for a Python that has their packages, and ``OLD_AIOGRAM_PYTHON`` for one with aiogram before 3.7. A
person does in each what `tests.peers.conversations` says. Told is what did not come, what the example logged as an
error, and what the emulator refused. Webhooks are set to public addresses, before which the emulator has its proxy.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.peers.conversations import AIOGRAM, DIALOG, OTHER_TOKEN, Example
from tests.peers.walking import Walk, walk_through
from tgslices.testing import BotApi

TOKEN: Final = "42:secret"
BOOT: Final = Path(__file__).with_name("boot.py")
TLS: Final = Path(__file__).parents[1] / "testing" / "http" / "tls"
PROXY: Final = {
    "https://aiogram.dev": "http://127.0.0.1:8080",
    "https://example.com": "http://127.0.0.1:8080",
    "https://shop.example": "http://127.0.0.1:8081",
}
_ERROR: Final = re.compile(r"Traceback|\b(?:ERROR|CRITICAL)\b|Error")


async def started(api: BotApi, process: asyncio.subprocess.Process) -> None:
    """Wait until the example asks for updates or has set its webhook, or has ended."""
    for _ in range(1500):
        if process.returncode is not None or api.count("getUpdates") or api.count("setWebhook"):
            return
        await asyncio.sleep(0.02)


def faults_in(output: str, allowed: tuple[str, ...]) -> list[str]:
    """The lines of a log that tell of errors, but for those that the example writes on purpose."""
    found = [line for line in output.splitlines() if _ERROR.search(line)]
    return [line for line in found if not any(words in line for words in allowed)]


async def run(path: Path, example: Example) -> str:
    """Run one; returns what went wrong, empty for nothing."""
    is_secure = path.name == "echo_bot_webhook_ssl.py"
    proxy = PROXY | ({"https://aiogram.dev": "https://127.0.0.1:8080"} if is_secure else {})
    async with BotApi(webhook_retry_delay=timedelta(milliseconds=50), reverse_proxy=proxy) as api:
        account = api.add_bot("example_bot", token=TOKEN)
        api.add_bot("other_bot", token=OTHER_TOKEN)
        person = api.add_person("Ann", username="ann_lee")
        walk = Walk(api, account, person, person.private_chat(account))
        output, code = await _go(path, example, walk)
    refused = sorted({f"{request.method}: {request.description}" for request in api.requests if request.description})
    print(f"    {len(api.requests)} calls, {len(walk.looks())} messages there; refused: {refused}")
    ends_itself = example.is_snippet or example.arguments
    if code or (code is not None and not ends_itself):
        return f"it ended with {code}:\n{output[-1500:]}"
    return "\n".join([*([walk.lost] if walk.lost else []), *faults_in(output, example.errors)])


async def _go(path: Path, example: Example, walk: Walk) -> tuple[str, int | None]:
    """Let the person walk through it; returns the example's log, and its exit code if it ended by itself."""
    places = {"token": TOKEN, "chat": walk.chat.id}
    python = "OLD_AIOGRAM_PYTHON" if path.name == "multibot.py" else "EXAMPLES_PYTHON"
    environment = os.environ | {
        "TGSLICES_API": walk.api.url, "TGSLICES_PATH_TO": str(TLS), "BOT_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1",
        "APP_BASE_URL": "https://shop.example",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        os.environ.get(python, sys.executable), str(BOOT), str(path),
        *(argument.format(**places) for argument in example.arguments),
        cwd=path.parent, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    reading = asyncio.ensure_future(process.communicate())
    await started(walk.api, process)
    await walk_through(walk, example.steps)
    await asyncio.sleep(0.3)
    code = process.returncode
    if code is None:
        process.terminate()
    output, _ = await reading
    return output.decode(), code


async def main() -> int:
    """Run all, or those whose names hold one of the arguments; returns how many failed."""
    trees = {"AIOGRAM": ("examples", AIOGRAM), "AIOGRAM_DIALOG": ("example", DIALOG)}
    failed = []
    for variable, (folder, examples) in trees.items():
        for name, example in examples.items():
            if sys.argv[1:] and not any(part in f"{folder}/{name}" for part in sys.argv[1:]):
                continue
            needs = f", which needs {example.needs}" if example.needs else ""
            print(f"{variable.lower()} {name}{needs}", flush=True)
            begun = time.monotonic()
            wrong = await run(Path(os.environ[variable]).resolve() / folder / name, example)
            took = time.monotonic() - begun
            told = wrong.replace("\n", "\n    ")
            print(f"    {took:.0f} s, {f'WRONG: {told}' if wrong else 'well'}", flush=True)
            failed += [name] if wrong else []
    print(f"failed: {failed}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
