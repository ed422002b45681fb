"""Handler parameters: found by annotation, never by name."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Optional, TypeAlias

import pytest
from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import ExceptionTypeFilter
from aiogram.handlers import MessageHandler
from aiogram.types import CallbackQuery, ErrorEvent, Message, TelegramObject
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from tests.middlewares import postponed
from tests.promises.fed_bot import FedBot
from tgslices import ConfigurationError, Session, SessionManager, SessionQualifier
from tgslices.middlewares.handler_needs import session_annotation

Order = Annotated[Session, SessionQualifier("order")]
Support: TypeAlias = Annotated[Session, SessionQualifier("support")]
Held = list[Any]


class OwnSession(Session):
    """A session of a bot's author."""


class OwnManager(SessionManager):
    """A manager of a bot's author."""


async def says(stage: FedBot, text: str = "hi") -> Any:
    """Feed the dispatcher a message of Ann's."""
    return await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(5, text=text)))


CASE = SessionQualifier("case", collect=False)


@pytest.mark.parametrize(
    ("annotation", "meant"),
    [
        (Session, (None, False)),
        (OwnSession, (None, False)),
        (Order, ("order", False)),
        (Annotated[Session, 5], (None, False)),
        (Annotated[Session, SessionQualifier()], (None, False)),
        (Annotated[Session, "a comment", SessionQualifier("order"), 5], ("order", False)),
        (Annotated[Session, SessionQualifier("order"), "a comment"], ("order", False)),
        (Annotated[Annotated[Session | None, SessionQualifier("order")] | None, "a comment"], ("order", True)),
        (Annotated[Order, SessionQualifier("support")], ("support", False)),
        (Annotated[Session, CASE], ("case", False)),
        (Session | None, (None, True)),
        (Optional[Session], (None, True)),  # noqa: UP045  # the old spelling
        (None | Session, (None, True)),
        (Order | None, ("order", True)),
        (Optional[Order], ("order", True)),  # noqa: UP045  # the old spelling
        (Annotated[Session | None, SessionQualifier("order")], ("order", True)),
        (Support, ("support", False)),
        (AsyncSession, None),
        (OrmSession, None),
        (AsyncSession | None, None),
        (Annotated[AsyncSession, SessionQualifier("order")], None),
        (Annotated[AsyncSession, "order"], None),
        (type[Session], None),
        (list[Session], None),
        (Session | AsyncSession, (None, False)),
        (SessionQualifier, None),
        (SessionManager, None),
        (Any, None),
        (None, None),
        ("Session", None),
        (5, None),
    ],
)
def test_what_an_annotation_means(annotation: object, meant: tuple[str | None, bool] | None) -> None:
    """ "a bare `Session` parameter is the unqualified session; `Session | None` is `None` where the update has no
    chat" """
    found = session_annotation(annotation)
    assert (found and (found[0].name, found[1])) == meant
    assert found is None or found[0].collect == (found[0].name != "case")


async def test_every_parameter_gets_its_own_session(stage: FedBot) -> None:
    held: Held = []

    @stage.dispatcher.message()
    async def handle(message: Message, order: Order, bare: Session, support: Support, maybe: Session | None) -> None:
        held.extend([order, bare, support, maybe])

    await says(stage)
    assert [session.qualifier for session in held] == ["order", None, "support", None]
    assert {(s.key.bot_id, s.chat_id, s.user_id) for s in held} == {(stage.bot.id, stage.chat.id, stage.ann.id)}
    assert stage.bot.sessions.is_idle(), "asking is not opening"


async def test_a_parameter_may_have_any_name(stage: FedBot) -> None:
    """Even one under which aiogram or another middleware has something of its own."""
    held: Held = []

    @stage.dispatcher.message()
    async def handle(message: Message, event_from_user: Session, x: Session) -> None:
        held.extend([event_from_user, x])

    await says(stage)
    assert all(isinstance(session, Session) for session in held)


async def test_sqlalchemys_session_is_left_alone(stage: FedBot) -> None:
    """ "Parameters are found by annotation, never by name: in aiogram bots `session` is usually SQLAlchemy's." """
    database, held = AsyncSession(), list[Any]()

    async def provide(
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        data["session"] = database
        return await handler(event, data)

    stage.dispatcher.message.middleware(provide)

    @stage.dispatcher.message()
    async def handle(message: Message, session: AsyncSession, order: Order) -> None:
        held.extend([session, order])

    await says(stage)
    assert held[0] is database
    assert held[1].qualifier == "order"


async def test_a_handler_that_asks_for_nothing_opens_nothing(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, session: Any = None) -> None:
        assert session is None

    await says(stage)
    assert stage.bot.sessions.is_idle()


async def wrapped_with_arguments(message: Message, order: Order, held: Held) -> None:
    held.append(order)


async def tolerant(message: Message, order: Order, held: Held, **rest: Any) -> None:
    """Take what older releases of aiogram hand to a wrapper that takes anything."""
    held.append(order)


async def quoted_inside(
    message: Message,
    order: Annotated["Session", SessionQualifier("order")],  # noqa: UP037  # as authors write it
    held: Held,
) -> None:
    held.append(order)


class CallableObject:
    """A handler that is an object. aiogram runs a plain function in a thread, and what has one as ``__call__``."""

    def __init__(self, held: Held) -> None:
        self.held = held

    def __call__(self, message: Message, order: Order) -> None:
        self.held.append(order)

    async def method(self, message: Message, order: Order) -> None:
        self.held.append(order)

    @classmethod
    async def of_class(cls, message: Message, order: Order, held: Held) -> None:
        held.append(order)

    @staticmethod
    async def static(message: Message, order: Order, held: Held) -> None:
        held.append(order)


def decorated(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Wrap as most decorators do."""

    @functools.wraps(handler)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await handler(*args, **kwargs)

    return wrapper


def with_held(handler: Callable[..., Awaitable[Any]], held: Held) -> Callable[..., Awaitable[Any]]:
    return functools.partial(handler, held=held)


@pytest.mark.parametrize(
    "make",
    [
        lambda held: with_held(wrapped_with_arguments, held),
        lambda held: with_held(with_held(wrapped_with_arguments, []), held),
        lambda held: with_held(decorated(tolerant), held),
        lambda held: decorated(decorated(CallableObject(held).method)),
        CallableObject,
        lambda held: CallableObject(held).method,
        lambda held: with_held(CallableObject.of_class, held),
        lambda held: with_held(CallableObject.static, held),
        lambda held: with_held(postponed.handle, held),
        lambda held: with_held(postponed.alias, held),
        lambda held: with_held(postponed.quoted, held),
        lambda held: with_held(quoted_inside, held),
        postponed.closure,
        postponed.unbound,
        postponed.Handler,
    ],
    ids=[
        "partial",
        "partial of partial",
        "partial of wraps",
        "wraps of wraps of method",
        "object",
        "method",
        "classmethod",
        "staticmethod",
        "postponed",
        "postponed alias",
        "quoted",
        "quoted inside",
        "closure",
        "closure over a name without a value",
        "postponed object",
    ],
)
async def test_every_way_to_write_a_handler(stage: FedBot, make: Callable[[Held], Any]) -> None:
    """ "postponed annotations, class-based handlers, wrapped callbacks" """
    held: Held = []
    stage.dispatcher.message.register(make(held))
    await says(stage)
    assert [session.qualifier for session in held] == ["order"]


async def test_a_class_based_handler_finds_its_sessions_in_its_data(stage: FedBot) -> None:
    held: Held = []

    class Handler(MessageHandler):
        order: Order

        async def handle(self) -> Any:
            held.append(self.data["order"])

    stage.dispatcher.message.register(Handler)
    await says(stage)
    assert [session.qualifier for session in held] == ["order"]


async def test_a_class_based_handler_may_inherit_what_it_asks_for(stage: FedBot) -> None:
    held: Held = []

    class Ordering(MessageHandler):
        order: Order

    class Handler(Ordering):
        async def handle(self) -> Any:
            held.append(self.data["order"])

    stage.dispatcher.message.register(Handler)
    await says(stage)
    assert [session.qualifier for session in held] == ["order"]


async def test_a_name_for_type_checkers_alone_is_said_in_the_log(
    stage: FedBot, caplog: pytest.LogCaptureFixture
) -> None:
    """The annotation cannot be evaluated when the bot runs: the author is told, and not just left to wonder."""
    stage.dispatcher.message.register(postponed.only_for_type_checkers)
    with pytest.raises(ConfigurationError) as caught:
        await says(stage)
    assert caplog.messages == [
        (
            "The annotation 'hidden.Session' of only_for_type_checkers cannot be evaluated, so it gets no session; "
            "import its names at run time, and not under TYPE_CHECKING"
        )
    ]
    assert str(caught.value) == (
        "only_for_type_checkers takes 'order', which nothing fills in: its annotation 'hidden.Session' cannot be "
        "evaluated. "
        "Import its names at run time, and not under TYPE_CHECKING; define an alias of a session in a module."
    )


async def test_an_alias_that_cannot_be_evaluated_is_named(stage: FedBot) -> None:
    """One that is local to a function is gone when the bot runs, and its text says nothing of a session."""
    stage.dispatcher.message.register(postponed.local_alias())
    with pytest.raises(ConfigurationError) as caught:
        await says(stage)
    assert str(caught.value) == (
        "local_alias.<locals>.handler takes 'order', which nothing fills in: its annotation 'Mine' cannot be "
        "evaluated. "
        "Import its names at run time, and not under TYPE_CHECKING; define an alias of a session in a module."
    )


async def test_a_parameter_without_an_annotation_is_named_where_nothing_fills_it_in(stage: FedBot) -> None:
    held: Held = []

    async def handle(message: Message, state, order, extra=None):  # type: ignore[no-untyped-def]  # as many write it
        held.append((state, order))

    stage.dispatcher.message.register(handle)
    with pytest.raises(ConfigurationError) as caught:
        await says(stage)
    assert str(caught.value) == (
        f"{handle.__qualname__} takes 'order', which nothing fills in. "
        "Annotate it if it is to be a session: 'order: Session'."
    )
    await stage.dispatcher.feed_update(stage.bot, stage.update("message", stage.message(6)), order="by a middleware")
    assert [order for _, order in held] == ["by a middleware"]


async def test_a_decorator_may_fill_in_what_nobody_annotates(stage: FedBot) -> None:
    held: Held = []

    def with_database(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(handler)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await handler(*args, **kwargs, database="database")

        return wrapper

    @stage.dispatcher.message()
    @with_database
    async def handle(message: Message, database, order: Order):  # type: ignore[no-untyped-def]  # as many write it
        held.extend([database, order.qualifier])

    await says(stage)
    assert held == ["database", "order"]


async def test_the_manager_is_a_parameter_too(stage: FedBot) -> None:
    held: Held = []

    @stage.dispatcher.message()
    async def handle(
        message: Message, sessions: SessionManager, own: OwnManager | None, noted: Annotated[SessionManager, "noted"]
    ) -> None:
        held.extend([sessions, own, noted])

    await says(stage)
    assert held == [stage.bot.sessions] * 3
    assert stage.bot.sessions.is_idle()


async def test_a_handle_that_does_not_collect_opens_nothing(stage: FedBot) -> None:
    @stage.dispatcher.message()
    async def handle(message: Message, case: Annotated[Session, CASE]) -> None:
        async with case:
            await message.answer("noted")
        await case.track(message)

    await says(stage, "spam")
    await says(stage, "more")
    case = stage.bot.sessions.get(stage.chat.id, stage.ann.id, qualifier="case", collect=False)
    assert len(await case.messages()) == 3  # the same message twice, and two answers
    assert not await case.is_open()


async def test_other_names_for_type_checkers_alone_are_nobodys_business(
    stage: FedBot, caplog: pytest.LogCaptureFixture
) -> None:
    held: Held = []
    stage.dispatcher.message.register(with_held(postponed.others_for_type_checkers, held))
    await says(stage)
    assert [session.qualifier for session in held] == ["order"]
    assert caplog.messages == []


async def test_a_handler_of_a_module_that_is_gone_runs(stage: FedBot) -> None:
    """Plugins are loaded and thrown away again; annotations that are text have lost their names then."""
    held: Held = []

    class Handler(MessageHandler):
        order: "Orders"  # type: ignore[name-defined]  # noqa: F821, UP037  # found nowhere

        async def handle(self) -> Any:
            held.append("order" in self.data)

    Handler.__module__ = "a_module_that_is_gone"
    stage.dispatcher.message.register(Handler)
    await says(stage)
    assert held == [False]


async def test_handlers_of_nested_routers_are_served(stage: FedBot) -> None:
    held: Held = []
    outer, inner = Router(), Router()
    outer.include_router(inner)
    stage.dispatcher.include_router(outer)

    @inner.message()
    async def handle(message: Message, order: Order) -> None:
        held.append(order)

    await says(stage)
    assert [session.qualifier for session in held] == ["order"]


async def test_other_kinds_of_updates_are_served(stage: FedBot) -> None:
    held: Held = []

    @stage.dispatcher.callback_query()
    async def handle(tap: CallbackQuery, order: Order) -> None:
        held.append(order)

    event = {"id": "1", "from": stage.ann.json(), "chat_instance": "1", "data": "x", "message": stage.message(5)}
    await stage.dispatcher.feed_update(stage.bot, stage.update("callback_query", event))
    assert [(session.chat_id, session.user_id) for session in held] == [(stage.chat.id, stage.ann.id)]


async def test_error_handlers_are_served(stage: FedBot) -> None:
    held: Held = []

    @stage.dispatcher.message()
    async def fail(message: Message) -> None:
        raise LookupError

    @stage.dispatcher.errors(ExceptionTypeFilter(LookupError))
    async def handle(event: ErrorEvent, order: Order) -> None:
        held.append(order)

    await says(stage)
    assert [(session.qualifier, session.chat_id) for session in held] == [("order", stage.chat.id)]


def test_a_qualifier_without_brackets_is_refused() -> None:
    """It would silently be the unqualified session."""
    with pytest.raises(ConfigurationError) as caught:
        session_annotation(Annotated[Session, SessionQualifier] | None)
    assert str(caught.value) == (
        'A handler asks for Annotated[Session, SessionQualifier]. Give a name: SessionQualifier("order").'
    )


@pytest.mark.parametrize(
    "annotation", [Annotated[Session, "order"], Annotated[Session | None, "order"], Annotated[Session, "order"] | None]
)
async def test_a_text_in_place_of_a_qualifier_is_refused(stage: FedBot, annotation: Any) -> None:
    """It would silently be the session without one, and a wipe would take another slice."""

    async def handle(message: Message, order: Any) -> None:
        raise AssertionError("it must not run")

    handle.__annotations__["order"] = annotation
    stage.dispatcher.message.register(handle)
    with pytest.raises(ConfigurationError) as caught:
        await says(stage)
    assert str(caught.value) == (
        "A handler asks for Annotated[Session, 'order'], which is the session without a qualifier. "
        "Write Annotated[Session, SessionQualifier('order')] for the session 'order', or take the text out."
    )


async def test_a_handler_that_skips_leaves_its_sessions_to_nobody(stage: FedBot) -> None:
    """aiogram hands the same data to the next handler, whose ``session`` is SQLAlchemy's."""
    held: Held = []
    theirs = AsyncSession()

    async def provide(handler: Callable[..., Awaitable[Any]], event: TelegramObject, data: dict[str, Any]) -> Any:
        data["session"] = theirs
        return await handler(event, data)

    stage.dispatcher.message.outer_middleware(provide)

    @stage.dispatcher.message()
    async def skips(message: Message, session: Session) -> None:
        held.append(session)
        raise SkipHandler

    @stage.dispatcher.message()
    async def handles(message: Message, session: AsyncSession) -> None:
        held.append(session)

    await says(stage)
    assert isinstance(held[0], Session)
    assert held[1] is theirs
