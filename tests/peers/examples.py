"""Runs the examples of aiogram and aiogram_dialog unchanged against the emulator.

``python -m tests.peers.examples <file>...``, with ``EXAMPLES_PYTHON`` if they need packages of their own: a person
says /start, writes, and taps each button that comes up once. Told is how many messages came back, and what the example
logged as an error or failed with. One that ends by itself and well is a snippet without a program.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from tgslices.testing import BotApi, ChatView
from tgslices.testing.people.seeing import inline_rows

TOKEN = "42:secret"
LINES = ("/start", "Ann", "yes", "7", "hello", "/help", "/cancel")
OWN_LINES = {
    "error_handling.py": ("/age 7", "/age x", "/name Ann", "/name 7"),
    "finite_state_machine.py": ("/start", "Ann", "Yes", "Python", "/start", "Ben", "No"),
    "quiz_scene.py": ("/quiz", "Berlin", "🚫 Exit", "/start"),
    "scene.py": ("/demo", "Ann", "yes", "Python"),
    "stars_invoice.py": ("/start", "/invoice"),
}
BOOT = Path(__file__).with_name("boot.py")
MOST_TAPS = 25


async def settled(api: BotApi) -> None:
    """Wait until every update was taken and nothing has happened for a moment."""
    with suppress(AssertionError):
        await api.idle(timeout=20)
    count = -1
    while count != len(api.requests):
        count = len(api.requests)
        await asyncio.sleep(0.7)


async def walk(api: BotApi, chat: ChatView, lines: tuple[str, ...]) -> int:
    """Write and tap; returns how many buttons were tapped."""
    tapped: set[str] = set()
    for line in lines:
        await chat.types(line)
        await settled(api)
        while len(tapped) < MOST_TAPS and (new := new_buttons(chat) - tapped):
            button = min(new)
            tapped.add(button)
            await chat.taps(callback_data=button)
            await settled(api)
    return len(tapped)


def new_buttons(chat: ChatView) -> set[str]:
    rows = (row for message in chat.stored()[-3:] for row in inline_rows(message))
    return {str(button["callback_data"]) for row in rows for button in row if "callback_data" in button}


async def run(example: Path) -> bool:
    """Run one; returns whether it worked."""
    async with BotApi() as api:
        account = api.add_bot("example_bot", token=TOKEN)
        chat = api.add_person("Ann", username="ann_lee").private_chat(account)
        environment = os.environ | {
            "TGSLICES_API": api.url, "BOT_TOKEN": TOKEN, "API_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            os.environ.get("EXAMPLES_PYTHON", sys.executable), str(BOOT), str(example),
            cwd=example.parent, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(1500):
            if process.returncode is not None or api.count("getUpdates"):
                break
            await asyncio.sleep(0.1)
        is_snippet = process.returncode == 0
        taps = 0 if process.returncode is not None else await walk(api, chat, OWN_LINES.get(example.name, LINES))
        has_ended = process.returncode is not None
        if not has_ended:
            process.terminate()
        output, _ = await process.communicate()
        refused = sorted({request.description for request in api.requests if request.description})
        answers = len([message for message in chat.visible() if message.stored.sender_id == account.id])
        sent = sum(request.method.startswith("send") for request in api.requests)
        print(f"{example.parent.name}/{example.name}: {sent} sent, {answers} there, {taps} taps, refused {refused}")
        if has_ended or "Traceback" in output.decode():
            print("    " + "\n    ".join(output.decode().splitlines()[-6:]))
        return is_snippet or (sent > 0 and not has_ended)


async def main() -> int:
    """Run all that are named; returns how many failed."""
    worked = [await run(Path(name).resolve()) for name in sys.argv[1:]]
    return worked.count(False)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
