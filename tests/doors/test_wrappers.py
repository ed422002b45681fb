"""Every ``send_*``, ``copy_*`` and ``forward_*`` of aiogram's Bot on a session: all there, aimed, and filled in."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.exceptions import ClientDecodeError

from tests.needs import needs
from tests.promises.stage import Stage, ids_in
from tgslices import CannotSendThere, Session, SessionKey, SessionManager
from tgslices.sending import GiftOptions

WITHOUT_A_CHAT = {"send_chat_join_request_web_app"}
NAMES = sorted(
    name
    for name, _ in inspect.getmembers(Bot, inspect.isfunction)
    if name.startswith(("send_", "copy_", "forward_")) and name not in WITHOUT_A_CHAT
)
FILLED_IN = {"chat_id"}
ALSO_FILLED_IN = {"send_checklist": {"business_connection_id"}}


def parameters(method: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(method).parameters.values())


def test_there_is_a_wrapper_for_every_method_that_sends() -> None:
    """ "every other `Bot.send_*`, `copy_message(s)`, `forward_message(s)` aimed at the session's own chat" """
    assert len(NAMES) > 20
    assert [name for name in NAMES if not hasattr(Session, name)] == []


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"send_gift"}))
def test_a_wrapper_takes_what_the_method_takes_without_the_chat(name: str) -> None:
    """ "with aiogram's full signature kept" """
    filled_in = FILLED_IN | ALSO_FILLED_IN.get(name, set())
    wanted = [parameter for parameter in parameters(getattr(Bot, name)) if parameter.name not in filled_in]
    assert parameters(getattr(Session, name)) == wanted
    assert getattr(Session, name).__name__ == name


async def sent(stage: Stage, session: Session, name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call a wrapper and return what reached the server."""
    await getattr(session, name)(*args, **kwargs)
    request = stage.api.requests[-1]
    assert request.method.lower() == name.replace("_", "")
    return request.arguments


def some_value(parameter: inspect.Parameter) -> Any:
    """Return something that aiogram takes for a required parameter, by its name."""
    known: dict[str, Any] = {
        "message_ids": [1],
        "from_chat_id": 5,
        "message_id": 1,
        "draft_id": 1,
        "options": ["a", "b"],
        "latitude": 1.0,
        "longitude": 1.0,
        "star_count": 1,
        "prices": [{"label": "x", "amount": 1}],
        "rich_message": {"html": "x"},
        "action": "typing",
        "currency": "XTR",
    }
    if parameter.name == "media":
        return [{"type": "photo", "media": "file-id"}]
    return known.get(parameter.name, "x")


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"send_checklist", "send_gift"}))
async def test_a_wrapper_sends_into_the_sessions_chat_and_topic(stage: Stage, name: str) -> None:
    """ "aimed at the session's own chat (topic and business connection filled in from the key)" """
    method = getattr(Bot, name)
    required = [p for p in parameters(method)[1:] if p.default is p.empty and p.name not in FILLED_IN]
    stage.answers(name.replace("_", ""), stage.message(70))
    session = stage.bot.sessions.get(-1_000_000_000_777, thread_id=3)
    try:
        reached = await sent(stage, session, name, **{p.name: some_value(p) for p in required})
    except ClientDecodeError:  # the answer does not fit; what was asked does
        reached = stage.api.requests[-1].arguments
    assert reached["chat_id"] == -1_000_000_000_777
    assert reached.get("message_thread_id", 3) == 3
    assert ("message_thread_id" in reached) == ("message_thread_id" in inspect.signature(method).parameters)


async def test_what_is_given_wins_over_what_the_key_says(stage: Stage) -> None:
    stage.answers("sendMessage", stage.message(70))
    session = stage.bot.sessions.get(-1_000_000_000_777, thread_id=3, business_connection_id="conn")
    assert (await sent(stage, session, "send_message", "x", message_thread_id=4))["message_thread_id"] == 4
    reached = await sent(stage, session, "send_message", "x", "other", 5)
    assert (reached["business_connection_id"], reached["message_thread_id"]) == ("other", 5)
    assert "message_thread_id" not in await sent(stage, session, "send_message", "x", message_thread_id=None)


async def test_the_business_connection_of_the_key_is_filled_in(stage: Stage) -> None:
    stage.answers("sendMessage", stage.message(70))
    session = stage.session(business_connection_id="conn")
    reached = await sent(stage, session, "send_message", "x")
    assert (reached["chat_id"], reached["business_connection_id"]) == (stage.chat.id, "conn")
    assert await ids_in(session) == [70]


@needs(types, "InputChecklist")
async def test_a_checklist_goes_out_on_the_sessions_connection(stage: Stage) -> None:
    checklist = types.InputChecklist(title="x", tasks=[types.InputChecklistTask(id=1, text="x")])
    stage.answers("sendChecklist", stage.message(70))
    session = stage.session(business_connection_id="conn")
    reached = await sent(stage, session, "send_checklist", checklist)
    assert (reached["chat_id"], reached["business_connection_id"]) == (stage.chat.id, "conn")
    assert await ids_in(session) == [70]


@pytest.mark.parametrize("name", ["copy_message", "copy_messages", "forward_message", "forward_messages", "send_gift"])
async def test_what_never_goes_out_on_a_business_connection_is_refused(stage: Stage, name: str) -> None:
    """Without the connection it would reach the bot's own chat of the same number."""
    session = stage.session(business_connection_id="conn")
    arguments: list[Any] = ["gift"] if name == "send_gift" else [5, 1 if name.endswith("message") else [1]]
    with pytest.raises(CannotSendThere) as caught:
        await getattr(session, name)(*arguments)
    assert str(caught.value) == (
        f"{name} cannot reach the chat of {session.key}, because the Bot API sends it either only on business "
        "connections or never on one. "
        "Send it with bot(...) where it belongs, or use a session of the other kind of chat."
    )
    assert not any(request.method.lower() == name.replace("_", "") for request in stage.api.requests)


@needs(types, "InputChecklist")
async def test_what_only_goes_out_on_a_business_connection_is_refused_elsewhere(stage: Stage) -> None:
    session = stage.session()
    with pytest.raises(CannotSendThere) as caught:
        await session.send_checklist(types.InputChecklist(title="x", tasks=[]))
    assert str(caught.value) == (
        f"send_checklist cannot reach the chat of {session.key}, because the Bot API sends it either only on business "
        "connections or never on one. "
        "Send it with bot(...) where it belongs, or use a session of the other kind of chat."
    )
    assert stage.api.count("sendChecklist") == 0


@pytest.mark.parametrize(("chat_id", "receiver"), [(1001, "user_id"), (-1_000_000_000_777, "chat_id")])
async def test_a_gift_goes_to_the_user_or_to_the_channel(stage: Stage, chat_id: int, receiver: str) -> None:
    stage.answers("sendGift", True)
    session = stage.bot.sessions.get(chat_id)
    options: dict[str, Any] = {"text": "for you", "text_parse_mode": "HTML", "text_entities": [], "request_timeout": 9}
    reached = await sent(stage, session, "send_gift", "gift", pay_for_upgrade=True, **options)
    assert {name: reached[name] for name in ("gift_id", receiver, "text")} == {
        "gift_id": "gift",
        receiver: chat_id,
        "text": "for you",
    }
    assert ("user_id" in reached) != ("chat_id" in reached)
    assert await session.messages() == []


async def test_a_wrapper_knows_the_key_of_its_time(stage: Stage) -> None:
    session = stage.session("order")
    assert session.key == SessionKey(stage.bot.id, stage.chat.id, stage.ann.id, qualifier="order")
    assert (session.bot, session.chat_id, session.user_id, session.qualifier) == (
        stage.bot,
        stage.chat.id,
        stage.ann.id,
        "order",
    )


def test_the_wrapper_of_gifts_takes_what_aiograms_method_takes() -> None:
    theirs = set(inspect.signature(Bot.send_gift).parameters)
    assert set(GiftOptions.__annotations__) == theirs - {"self", "gift_id", "user_id", "chat_id"}


async def test_what_a_subclass_of_bot_makes_of_a_method_is_what_is_called(stage: Stage) -> None:
    """A bot that throttles, or has a keyboard of its own for every message, does so through a session too."""

    class Polite(Bot):
        async def send_message(  # type: ignore[override]  # shorter than aiogram's
            self, chat_id: Any, text: str, **options: Any
        ) -> types.Message:
            return await super().send_message(chat_id, f"{text}, please", **options)

    bot = Polite(stage.bot.token, session=stage.bot.session)
    session = SessionManager(bot, stage.bot.sessions.config).get(stage.chat.id)
    assert (await session.send_message("Wait")).text == "Wait, please"
    assert len(await session.messages()) == 1
