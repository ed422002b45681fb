"""The server's own limits on what is on its way: messages into a chat and requests of a bot."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tgslices.testing import BotAccount, BotApi, ChatView, Slow
from tgslices.testing.http.calls import HTTPAnswer
from tgslices.testing.http.limits import SENDING
from tgslices.testing.wire.arguments import Arguments

FLOODED = {
    "ok": False,
    "error_code": 429,
    "description": "Too Many Requests: retry after 60",
    "parameters": {"retry_after": 60},
}


async def ask(api: BotApi, account: BotAccount, method: str, **arguments: object) -> HTTPAnswer:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
    return await api.calls.perform(account, method, Arguments(texts))


def said(answer: HTTPAnswer) -> Any:
    return json.loads(answer.body)


@asynccontextmanager
async def held(
    api: BotApi, account: BotAccount, count: int, method: str, **arguments: object
) -> AsyncIterator[list[asyncio.Task[HTTPAnswer]]]:
    """So many calls that are done and wait for their answers inside the block."""
    end = asyncio.Event()
    fault = api.faults.add(Slow(until=end, after_work=True), method=method, times=None)
    calls = [asyncio.create_task(ask(api, account, method, **arguments)) for _ in range(count)]
    await asyncio.sleep(0)
    api.faults.remove(fault)
    yield calls
    end.set()
    await asyncio.gather(*calls)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("sendMessage", {"text": "x"}),
        ("sendDice", {}),
        ("copyMessage", {"message_id": 1}),
        ("forwardMessages", {"message_ids": [1]}),
    ],
)
async def test_every_sender_waits_for_what_is_on_its_way(
    api: BotApi, account: BotAccount, chat: ChatView, method: str, arguments: dict[str, object]
) -> None:
    api.plant_message(chat, account, text="old")
    other = api.add_person("Bob").private_chat(account)
    arguments = {"from_chat_id": chat.id, **arguments}
    async with held(api, account, 310, "sendMessage", chat_id=chat.id, text="x"):
        before = len(chat.stored())
        refused = await ask(api, account, method, chat_id=chat.id, **arguments)
        assert (refused.status, refused.retry_after, said(refused)) == (429, 60, FLOODED)
        assert len(chat.stored()) == before
        assert (await ask(api, account, method, chat_id=other.id, **arguments)).status == 200
        assert (await ask(api, account, "deleteMessage", chat_id=chat.id, message_id=1)).status == 200
    api.plant_message(chat, account, text="old")
    assert (await ask(api, account, "sendMessage", chat_id=chat.id, text="y")).status == 200


async def test_a_call_counts_for_as_many_messages_as_it_sends(api: BotApi, account: BotAccount, chat: ChatView) -> None:
    numbers = [api.plant_message(chat, account, text="old").message_id for _ in range(100)]
    lists = {"chat_id": chat.id, "from_chat_id": chat.id, "message_ids": numbers}
    async with held(api, account, 3, "copyMessages", **lists):
        more = [await ask(api, account, "sendMessage", chat_id=chat.id, text="x") for _ in range(2)]
        assert [answer.status for answer in more] == [200, 200]
        ten = {**lists, "message_ids": numbers[:10]}
        async with held(api, account, 1, "copyMessages", **ten) as calls:
            assert said(await ask(api, account, "sendMessage", chat_id=chat.id, text="x")) == FLOODED
    assert calls[0].result().status == 200


def test_drafts_actions_and_gifts_are_no_messages_on_their_way() -> None:
    assert {"sendmessage", "sendmediagroup", "copymessage", "copymessages", "forwardmessages"} <= SENDING
    assert not SENDING & {"sendchataction", "sendmessagedraft", "sendgift", "editmessagetext", "stoppoll"}


async def test_a_bot_has_a_thousand_requests_at_once_and_one_for_each_update(
    api: BotApi, account: BotAccount, chat: ChatView
) -> None:
    api.clock.freeze()
    second = api.add_bot("second_bot")
    async with held(api, account, 1000, "getChat", chat_id=chat.id):
        refused = await ask(api, account, "getChat", chat_id=chat.id)
        assert (refused.status, refused.retry_after, said(refused)) == (429, 60, FLOODED)
        assert (await ask(api, account, "getMe")).status == 200
        assert (await ask(api, second, "getMyName")).status == 200
        await chat.types("hello")
        assert (await ask(api, account, "getChat", chat_id=chat.id)).status == 200
        await ask(api, account, "getUpdates", offset=-1)
        api.clock.move(timedelta(seconds=59))
        assert (await ask(api, account, "getChat", chat_id=chat.id)).status == 200
        api.clock.move(timedelta(seconds=1))
        assert said(await ask(api, account, "getChat", chat_id=chat.id)) == FLOODED
    assert (await ask(api, account, "getChat", chat_id=chat.id)).status == 200
