"""Runs python-telegram-bot's own request tests against the emulator.

``PTB=<checkout> PTB_PYTHON=<python with its test requirements> python -m tests.peers.python_telegram_bot [pytest's
options]``. The world has what those tests expect: one person, a supergroup, a forum, a public channel, and another
channel for subscriptions.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from tgslices.testing import BotApi
from tgslices.testing.content.icons import TOPIC_ICONS
from tgslices.testing.rules.rights import all_rights
from tgslices.testing.state.accounts import Member, User
from tgslices.testing.state.files import StoredFile
from tgslices.testing.state.stickers import StickerSet

TOKEN = "42:secret"
PICTURE = {"file_id": "emoji-thumbnail", "file_unique_id": "emoji-thumbnail", "width": 100, "height": 100}
EMOJIS = "PTBStaticEmojiTestPack"
EMOJI: dict[str, Any] = {
    **TOPIC_ICONS[0],
    "width": 100,
    "height": 100,
    "is_animated": False,
    "emoji": "😎",
    "thumbnail": PICTURE,
    "custom_emoji_id": "6046140249875156202",
    "set_name": EMOJIS,
}
CHANNEL = "pythontelegrambottests"


async def main() -> int:
    """Run them; returns pytest's exit code."""
    checkout = Path(os.environ["PTB"])
    async with BotApi() as api:
        account = api.add_bot("ptb_test_bot", token=TOKEN)
        person = api.add_person("PTB", last_name="Test user", username="ptb_test_user")
        photo = StoredFile("photo", "photo", "photo.jpg", "image/jpeg", b"x" * 5403, "photo")
        person.profile_photos.append(api.world.files.setdefault(photo.file_id, photo))
        others = [api.add_person(f"Watcher {number}") for number in range(3)]
        other_bot = api.add_bot("other_bot")
        person.private_chat(account)
        group = api.add_supergroup(">>> telegram.Bot(test) @ptb_test_bot", members=[person, *others], admins=[account])
        forum = api.add_supergroup("Forum", members=[person], admins=[account], is_forum=True)
        group.settings.photo = photo
        api.world.add_user(User(1325859552, "Somebody"))
        channel = api.add_channel("Channel", members=others, admins=[account, other_bot], username=CHANNEL)
        channel.members[person.id] = Member(person, "creator", all_rights("channel"))
        channel.members[account.id].rights -= {"can_promote_members"}
        api.world.sticker_sets[EMOJIS] = StickerSet(EMOJIS, EMOJIS, "custom_emoji", person.id, [EMOJI])
        paid = api.add_channel("Paid", members=[person], admins=[account])
        info = {
            "token": TOKEN,
            "payment_provider_token": "284685063:TEST:x",
            "chat_id": str(person.id),
            "super_group_id": str(group.id),
            "forum_group_id": str(forum.id),
            "channel_id": f"@{CHANNEL}",
            "name": "ptb_test_bot",
            "username": "@ptb_test_bot",
            "subscription_channel_id": paid.id,
        }
        bots = base64.b64encode(json.dumps([info, info]).encode()).decode()
        here = str(Path(__file__).parent)
        environment = os.environ | {
            "GITHUB_ACTIONS": "true",
            "BOTS": bots,
            "JOB_INDEX": "1",
            "TEST_WITH_OPT_DEPS": "true",
            "TGSLICES_API": api.url,
            "PYTHONPATH": here,
        }
        command = [os.environ["PTB_PYTHON"], "-m", "pytest", "-p", "redirect", "-m", "req", "-q", "--no-flaky-report"]
        running = await asyncio.create_subprocess_exec(*command, *sys.argv[1:], cwd=checkout, env=environment)
        return await running.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
