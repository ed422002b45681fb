"""Handlers that ask for data by annotation, through aiogram's dispatcher."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated, Any, TypeAlias

import pytest
from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Command, ExceptionTypeFilter
from aiogram.fsm.scene import Scene, SceneRegistry, on
from aiogram.handlers import MessageHandler
from aiogram.types import ErrorEvent, InlineQuery, Message, PollAnswer
from typing_extensions import TypedDict

from tests.promises.fed_bot import FedBot
from tgslices import ConfigurationError, Session, SessionData, SessionQualifier, SessionUnavailable


@dataclasses.dataclass
class Form:
    item: str | None = None
    n: int = 0


class Cart(TypedDict, total=False):
    lines: list[str]


FORM = SessionData(Form)
CART = SessionData(Cart)
ORDER = SessionQualifier("order")
Order: TypeAlias = Annotated[Session, ORDER]
OrderForm: TypeAlias = Annotated[Form, FORM, ORDER]
OrderCart: TypeAlias = Annotated[Cart, CART, ORDER]


async def form_of(stage: FedBot, qualifier: str | None = "order") -> Form:
    return await stage.session(qualifier, collect=False).data(FORM).read()


async def feed(stage: FedBot, *texts: str) -> list[Any]:
    """Feed messages one after the other."""
    updates = [stage.update("message", stage.message(100 + at, text=text)) for at, text in enumerate(texts)]
    return [await stage.dispatcher.feed_update(stage.bot, update) for update in updates]


async def test_a_form_is_kept_when_the_handler_ends(stage: FedBot) -> None:
    @stage.dispatcher.message(Command("order"))
    async def start(message: Message, form: OrderForm) -> None:
        form.item = "pizza"
        assert await asyncio.create_task(form_of(stage)) == Form()
        assert await form_of(stage) == form

    @stage.dispatcher.message()
    async def other(message: Message, order: Order, form: OrderForm) -> None:
        form.n += 1
        async with order.data(FORM) as same:
            assert same is form

    await feed(stage, "/order", "more", "and more")
    assert await form_of(stage) == Form("pizza", 2)
    assert stage.bot.sessions.is_idle()  # data does not open a session
    assert await form_of(stage, None) == Form()


async def test_a_handler_that_asks_for_no_data_costs_nothing(stage: FedBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    for method in ("read_data", "hold_data", "write_data"):
        monkeypatch.setattr(stage.bot.sessions.storage, method, refuse)

    @stage.dispatcher.message()
    async def handle(message: Message, order: Order) -> str:
        return "handled"

    assert await feed(stage, "hi") == ["handled"]


@pytest.mark.parametrize("end", [ValueError("raised"), SkipHandler(), asyncio.CancelledError()])
async def test_a_handler_that_raises_skips_or_is_cancelled_writes_nothing(stage: FedBot, end: BaseException) -> None:
    @stage.dispatcher.message(F.text == "go")
    async def handle(message: Message, form: OrderForm) -> None:
        form.item = "pizza"
        raise end

    @stage.dispatcher.message()
    async def other(message: Message, form: OrderForm) -> Form:
        form.n += 1
        return dataclasses.replace(form)

    if isinstance(end, SkipHandler):
        assert await feed(stage, "go") == [Form(n=1)]
    else:
        with pytest.raises(type(end)):
            await feed(stage, "go")
    assert (await form_of(stage)).item is None
    assert await feed(stage, "more") == [Form(n=2 if isinstance(end, SkipHandler) else 1)]


async def test_two_hundred_handlers_at_once_lose_nothing(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, form: OrderForm) -> None:
        n = form.n
        await asyncio.sleep(0)
        form.n = n + 1

    await asyncio.gather(*(feed(stage, str(number)) for number in range(200)))
    assert (await form_of(stage)).n == 200
    assert len(stage.bot.sessions.holds) == 0


async def test_several_fragments_and_qualifiers_in_one_handler(stage: FedBot) -> None:
    @stage.dispatcher.message(F.text == "one")
    async def one(message: Message, cart: OrderCart, form: OrderForm, chat: Annotated[Form, FORM]) -> None:
        await asyncio.sleep(0)
        form.n, chat.n = form.n + 1, chat.n + 1
        cart.setdefault("lines", []).append("one")

    @stage.dispatcher.message()
    async def two(message: Message, chat: Annotated[Form, FORM], form: OrderForm, cart: OrderCart) -> None:
        await asyncio.sleep(0)
        form.n, chat.n = form.n + 1, chat.n + 1
        cart.setdefault("lines", []).append("two")

    await asyncio.gather(*(feed(stage, text) for text in ["one", "two"] * 10))
    assert (await form_of(stage)).n == (await form_of(stage, None)).n == 20
    assert len((await stage.session("order").data(CART).read())["lines"]) == 20


async def test_a_form_outlives_a_wipe_and_ends_with_its_session(stage: FedBot) -> None:
    @stage.dispatcher.message(Command("done"))
    async def done(message: Message, order: Order, form: OrderForm) -> str | None:
        await order.clear()
        await order.close()
        return form.item

    @stage.dispatcher.message(Command("again"))
    async def again(message: Message, order: Order, form: OrderForm) -> None:
        await order.close()
        form.item, form.n = "soup", 0

    @stage.dispatcher.message()
    async def other(message: Message, order: Order, form: OrderForm) -> None:
        await order.open()
        form.item = message.text
        await order.clear()

    assert await feed(stage, "pizza", "/done") == [None, "pizza"]
    assert await form_of(stage) == Form()
    await feed(stage, "pizza", "/again")
    assert await form_of(stage) == Form("soup")


class ByClass(MessageHandler):
    """A handler as a class; aiogram hands what is injected to its data."""

    form: OrderForm

    async def handle(self) -> Any:
        form: Form = self.data["form"]
        form.n += 1


async def test_class_based_handlers_get_data(stage: FedBot) -> None:
    stage.dispatcher.message.register(ByClass)
    await feed(stage, "hi", "hi")
    assert (await form_of(stage)).n == 2


class Quiz(Scene, state="quiz"):
    """A scene whose handler counts."""

    @on.message(F.text == "count")
    async def count(self, message: Message, form: OrderForm) -> None:
        form.n += 1


async def test_handlers_of_scenes_get_data(stage: FedBot) -> None:
    stage.dispatcher.message.register(Quiz.as_handler(), Command("quiz"))
    SceneRegistry(stage.dispatcher).add(Quiz)
    await feed(stage, "/quiz", "count", "count")
    assert (await form_of(stage)).n == 2


async def test_error_handlers_get_data_that_the_failed_handler_did_not_write(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, form: OrderForm) -> None:
        form.item = "half"
        raise ValueError

    @stage.dispatcher.error(ExceptionTypeFilter(ValueError))
    async def failed(event: ErrorEvent, form: OrderForm) -> str:
        assert form.item is None
        form.n += 1
        return "told"

    assert await feed(stage, "hi") == ["told"]
    assert await form_of(stage) == Form(None, 1)


async def test_data_is_written_before_what_a_handler_returns_is_sent(stage: FedBot) -> None:
    @stage.dispatcher.message(flags={"tgslices": ORDER})
    async def handle(message: Message, form: OrderForm) -> Any:
        form.item = "pizza"
        return message.answer("")  # which Telegram refuses

    with pytest.raises(Exception, match="message text is empty"):
        await feed(stage, "hi")
    assert (await form_of(stage)).item == "pizza"


async def test_form_or_none_is_none_where_the_update_has_no_place(stage: FedBot) -> None:
    nothing: list[object] = []
    stage.bot.sessions.config = dataclasses.replace(stage.bot.sessions.config, key_strategy=lambda scope: None)

    @stage.dispatcher.message(F.text == "optional")
    async def optional(message: Message, form: Annotated[Form | None, FORM, ORDER], cart: OrderCart | None) -> None:
        nothing.extend([form, cart])

    @stage.dispatcher.message()
    async def required(message: Message, form: OrderForm) -> None: ...

    await feed(stage, "optional")
    assert nothing == [None, None]
    with pytest.raises(SessionUnavailable, match=r"requires 'form'.* as 'Annotated\[Form \| None, \.\.\.\]'"):
        await feed(stage, "hi")


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Annotated[Cart, FORM], "Annotate the parameter with the type of the data: Annotated\\[Form, ...\\]"),
        (Annotated[Form, FORM, "order"], "A handler asks for Annotated\\[Form, .order.\\]"),
        (Annotated[Form, SessionData], "A handler asks for Annotated\\[Form, SessionData\\]"),
        (Annotated[Form, FORM, SessionData(Form, name="two")], "with one parameter. Take a parameter for each"),
        (FORM, "A handler asks for SessionData\\(Form, name='Form'\\) itself"),
    ],
)
async def test_a_parameter_that_is_written_wrongly_is_told_at_the_start(
    stage: FedBot, annotation: Any, text: str
) -> None:
    async def handle(message: Message, form: Any) -> None: ...

    handle.__annotations__["form"] = annotation
    router = Router()
    router.message.register(handle)
    stage.dispatcher.include_router(router)
    with pytest.raises(ConfigurationError, match=text):
        await stage.dispatcher.emit_startup(bot=stage.bot)


async def test_a_declaration_as_a_default_is_told_at_the_start(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, form: Form = FORM) -> None: ...  # type: ignore[assignment]

    with pytest.raises(ConfigurationError, match=r"Write 'form: Annotated\[Form, FORM\]'"):
        await stage.dispatcher.emit_startup(bot=stage.bot)


async def test_two_types_under_one_name_of_a_session_are_told_at_the_start(stage: FedBot) -> None:
    @dataclasses.dataclass
    class Feedback:
        stars: int = 0

    other = SessionData(Feedback, name="Form")

    @stage.dispatcher.message()
    async def first(message: Message, form: OrderForm) -> None: ...

    async def second(message: Message, form: Any) -> None: ...

    second.__annotations__["form"] = Annotated[Feedback, other, SessionQualifier("feedback")]
    stage.dispatcher.message.register(second)
    await stage.dispatcher.emit_startup(bot=stage.bot)

    async def third(message: Message, form: Any) -> None: ...

    third.__annotations__["form"] = Annotated[Feedback, other, ORDER]
    stage.dispatcher.message.register(third)
    with pytest.raises(ConfigurationError, match="Two types of session data have one name, 'Form', in one session"):
        await stage.dispatcher.emit_startup(bot=stage.bot)


async def test_updates_of_a_person_without_a_chat_reach_the_data_of_the_private_chat(stage: FedBot) -> None:
    @stage.dispatcher.inline_query()
    async def query(query: InlineQuery, form: OrderForm) -> None:
        form.n += 1

    @stage.dispatcher.poll_answer()
    async def voted(answer: PollAnswer, form: OrderForm) -> None:
        form.n += 10

    person = stage.ann.json()
    await stage.dispatcher.feed_update(
        stage.bot, stage.update("inline_query", {"id": "1", "from": person, "query": "", "offset": ""})
    )
    await stage.dispatcher.feed_update(
        stage.bot,
        stage.update("poll_answer", {"poll_id": "1", "user": person, "option_ids": [0], "option_persistent_ids": []}),
    )
    assert (await form_of(stage)).n == 11
