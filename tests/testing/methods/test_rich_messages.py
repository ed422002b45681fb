"""Rich messages and drafts, which older releases of aiogram do not know."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, ChatView
from tgslices.testing.content.rich_blocks import read_rich_message
from tgslices.testing.errors import ApiError
from tgslices.testing.methods.drafts import send_message_draft
from tgslices.testing.methods.method import Call
from tgslices.testing.wire.arguments import Arguments


def read(api: BotApi, given: Any) -> Any:
    return read_rich_message(api.world, Arguments({}), given)


@pytest.mark.parametrize(
    ("given", "blocks"),
    [
        (
            {"html": "<h2>Tea &amp; more</h2><p>is <b>ready</b></p><p>now</p>"},
            [
                {"type": "heading", "text": "Tea & more", "size": 2},
                {"type": "paragraph", "text": "is ready"},
                {"type": "paragraph", "text": "now"},
            ],
        ),
        (
            {"markdown": "# Tea\n\nis **ready**"},
            [{"type": "heading", "text": "Tea", "size": 1}, {"type": "paragraph", "text": "is ready"}],
        ),
        ({"blocks": [{"type": "divider"}]}, [{"type": "divider"}]),
        (
            {"blocks": [{"type": "list", "items": [{"blocks": [{"type": "paragraph", "text": "x"}]}]}]},
            [{"type": "list", "items": [{"label": "•", "blocks": [{"type": "paragraph", "text": "x"}]}]}],
        ),
    ],
)
def test_three_ways_to_write(api: BotApi, given: Any, blocks: Any) -> None:
    assert read(api, given) == {"blocks": blocks}


@pytest.mark.parametrize("given", [None, {}, {"html": "a", "markdown": "b"}, {"html": " "}, {"blocks": [1]}])
def test_what_is_none(api: BotApi, given: Any) -> None:
    with pytest.raises(ApiError, match="400 Bad Request"):
        read(api, given)


def test_drafts_take_each_others_places_and_vanish(api: BotApi, account: BotAccount, chat: ChatView) -> None:
    for text in ("Tea", "Tea is"):
        arguments = Arguments({"chat_id": str(chat.id), "draft_id": "1", "text": text})
        assert send_message_draft(Call(api.world, account, arguments))
    assert [draft.content["text"] for draft in chat.chat.drafts_at(api.clock.unix_time())] == ["Tea is"]
    assert chat.visible() == []
    api.clock.move(timedelta(seconds=30))
    assert chat.chat.drafts_at(api.clock.unix_time()) == []


async def test_a_text_becomes_rich(bot: Bot, chat: ChatView, api: BotApi, account: BotAccount) -> None:
    sent = await bot.send_message(chat.id, "plain")
    fields = {"chat_id": str(chat.id), "message_id": str(sent.message_id), "rich_message": '{"html": "<p>rich</p>"}'}
    answer = await api.calls.perform(account, "editMessageText", Arguments(fields))
    assert answer.status == 200
    assert [(message.kind, "text" in message.stored.content) for message in chat.visible()] == [("rich_message", False)]
