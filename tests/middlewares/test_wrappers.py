"""Every ``send_*``, ``copy_*`` and ``forward_*`` of aiogram's Bot on a session: all there, aimed, and filled in."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.exceptions import ClientDecodeError

from tests.needs import needs
from tests.promises.fed_bot import FedBot, ids_in
from tgslices import GENERAL_TOPIC, CannotSendThere, ChatGiven, Session, SessionKey, SessionManager
from tgslices.sending.send_methods import GiftOptions, newer_wrappers

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


async def sent(stage: FedBot, session: Session, name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
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
async def test_a_wrapper_sends_into_the_sessions_chat_and_topic(stage: FedBot, name: str) -> None:
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


async def test_what_is_given_wins_over_what_the_key_says(stage: FedBot) -> None:
    stage.answers("sendMessage", stage.message(70))
    session = stage.bot.sessions.get(-1_000_000_000_777, thread_id=3, business_connection_id="conn")
    assert (await sent(stage, session, "send_message", "x", message_thread_id=4))["message_thread_id"] == 4
    reached = await sent(stage, session, "send_message", "x", "other", 5)
    assert (reached["business_connection_id"], reached["message_thread_id"]) == ("other", 5)
    assert "message_thread_id" not in await sent(stage, session, "send_message", "x", message_thread_id=None)


async def test_the_business_connection_of_the_key_is_filled_in(stage: FedBot) -> None:
    stage.answers("sendMessage", stage.message(70))
    session = stage.session(business_connection_id="conn")
    reached = await sent(stage, session, "send_message", "x")
    assert (reached["chat_id"], reached["business_connection_id"]) == (stage.chat.id, "conn")
    assert await ids_in(session) == [70]


@needs(types, "InputChecklist")
async def test_a_checklist_goes_out_on_the_sessions_connection(stage: FedBot) -> None:
    checklist = types.InputChecklist(title="x", tasks=[types.InputChecklistTask(id=1, text="x")])
    stage.answers("sendChecklist", stage.message(70))
    session = stage.session(business_connection_id="conn")
    reached = await sent(stage, session, "send_checklist", checklist)
    assert (reached["chat_id"], reached["business_connection_id"]) == (stage.chat.id, "conn")
    assert await ids_in(session) == [70]


@pytest.mark.parametrize("name", ["copy_message", "copy_messages", "forward_message", "forward_messages", "send_gift"])
async def test_what_never_goes_out_on_a_business_connection_is_refused(stage: FedBot, name: str) -> None:
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
async def test_what_only_goes_out_on_a_business_connection_is_refused_elsewhere(stage: FedBot) -> None:
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
async def test_a_gift_goes_to_the_user_or_to_the_channel(stage: FedBot, chat_id: int, receiver: str) -> None:
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


async def test_a_wrapper_knows_the_key_of_its_time(stage: FedBot) -> None:
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


async def test_what_a_subclass_of_bot_makes_of_a_method_is_what_is_called(stage: FedBot) -> None:
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


async def test_a_send_into_general_carries_no_thread(stage: FedBot) -> None:
    """Its number is refused; in a private chat it is that of an ordinary topic."""
    stage.answers("sendMessage", stage.message(70))
    general = stage.bot.sessions.get(-1_000_000_000_777, thread_id=GENERAL_TOPIC)
    assert "message_thread_id" not in await sent(stage, general, "send_message", "x")
    private = stage.bot.sessions.get(stage.chat.id, thread_id=GENERAL_TOPIC)
    assert (await sent(stage, private, "send_message", "x"))["message_thread_id"] == GENERAL_TOPIC


OLD_CODE: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("send_message", (7, "hi"), {}, 7),
    ("send_message", (-1_000_000_000_777, "hi", "conn"), {}, -1_000_000_000_777),
    ("send_message", (7,), {"text": "hi"}, 7),
    ("send_message", ("@news", "hi"), {}, "@news"),
    ("send_message", ("1001", "hi"), {}, "1001"),
    ("send_message", ("hi",), {"chat_id": 7}, 7),
    ("send_message", (), {"chat_id": "@news", "text": "hi"}, "@news"),
    ("send_photo", (7, "file-id"), {}, 7),
    ("send_photo", (7,), {"photo": "file-id", "caption": "hi"}, 7),
    ("send_media_group", (7, []), {}, 7),
    ("send_chat_action", (7, "typing"), {}, 7),
    ("send_dice", (1001,), {}, 1001),
    ("send_dice", (), {"chat_id": 7}, 7),
    ("send_location", (1001, 52.5, 13.4), {}, 1001),
    ("copy_message", (1001, 5, 1), {}, 1001),
    ("copy_message", (7,), {"from_chat_id": 5, "message_id": 1}, 7),
    ("send_gift", ("gift",), {"user_id": 7}, 7),
    ("send_gift", ("gift",), {"chat_id": "@news"}, "@news"),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "given"), OLD_CODE, ids=range(len(OLD_CODE)))
async def test_a_chat_that_is_given_as_to_the_bots_own_method_is_named_with_the_remedy(
    stage: FedBot, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], given: object
) -> None:
    """Every port of old code does this, and was told of a text that is no string."""
    session = stage.bot.sessions.get(1001)
    with pytest.raises(ChatGiven) as caught:
        await getattr(session, name)(*args, **kwargs)
    assert str(caught.value) == (
        f"{name} of a session was given {given!r} as a chat, but it fills in the session's own. "
        f"Leave the chat out: session.{name}(...). Write bot.{name}(...) to send elsewhere."
    )
    assert not any(request.method.lower() == name.replace("_", "") for request in stage.api.requests)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("send_message", ("@news",), {}),
        ("send_message", ("20261127",), {"disable_notification": True}),
        ("send_message", ("hi", "conn"), {}),
        ("send_location", (1001, 13.4), {}),
        ("copy_message", (1001, 1), {}),
        ("copy_message", (1001,), {"message_id": 1}),
    ],
)
async def test_what_only_looks_like_a_chat_is_sent(
    stage: FedBot, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    stage.answers(name.replace("_", ""), stage.message(70))
    session = stage.bot.sessions.get(1001)
    assert (await sent(stage, session, name, *args, **kwargs))["chat_id"] == 1001


class NewerBot(Bot):
    """A bot of an aiogram that is newer than the list of wrappers."""

    async def send_hologram(self, chat_id: Any, hologram: str, message_thread_id: int | None = None) -> Any:
        return self.send_message(chat_id, hologram, message_thread_id=message_thread_id)

    async def send_whisper(self, text: str, chat_id: Any = None, business_connection_id: str | None = None) -> Any:
        return await self.send_message(chat_id, text, business_connection_id=business_connection_id)

    async def send_to_somebody(self, user_id: int) -> None: ...


async def test_methods_of_a_newer_aiogram_have_wrappers_too(stage: FedBot) -> None:
    """Among them those that can do without a chat, as ephemeral sends may since Bot API 10.4."""
    wrappers = newer_wrappers(NewerBot, Session)
    assert set(wrappers) == {"send_hologram", "send_whisper"}
    bot = NewerBot(stage.bot.token, session=stage.bot.session)
    stage.answers("sendMessage", stage.message(70, chat={"id": -1_000_000_000_777, "type": "supergroup", "title": "T"}))
    manager = SessionManager(bot, stage.bot.sessions.config)
    await (await wrappers["send_hologram"](manager.get(-1_000_000_000_777, thread_id=3), "hi"))
    assert stage.api.requests[-1].arguments["message_thread_id"] == 3
    whisper = wrappers["send_whisper"]
    await whisper(manager.get(7, business_connection_id="conn"), "hi")
    reached = stage.api.requests[-1].arguments
    assert (reached["chat_id"], reached["business_connection_id"]) == (7, "conn")
