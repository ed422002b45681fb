"""Random programs and deliveries: nothing is in a slice that was not put there, and nothing comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiogram import Dispatcher
from aiogram.types import Message, Update
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.thoroughness import tries
from tgslices import MemorySessionStorage, Session, SessionBot, setup_sessions, unrecorded
from tgslices.testing import BotApi

CHATS = ("ann", "ben", "group")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.sampled_from(CHATS)),
        st.tuples(st.just("leave"), st.just("")),
        st.tuples(st.just("send"), st.sampled_from(CHATS)),
        st.tuples(st.just("send unrecorded"), st.sampled_from(CHATS)),
        st.tuples(st.just("send by session"), st.sampled_from(CHATS)),
        st.tuples(st.sampled_from(["spawn", "spawn pin", "pin"]), st.sampled_from(CHATS)),
        st.tuples(st.just("spawn here"), st.just("")),
        st.tuples(st.just("let one go"), st.just("")),
        st.tuples(st.just("close"), st.sampled_from(CHATS)),
        st.tuples(st.just("wait"), st.just("")),
    ),
    max_size=25,
)


@dataclass
class Block:
    """What the model knows of one block."""

    chat: str
    entered: int
    left: datetime | None = None


@dataclass
class Model:
    """Which messages are in whose session, by the promises."""

    held: dict[str, list[str]] = field(default_factory=lambda: {chat: [] for chat in CHATS})
    closed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHATS, -1))
    is_open: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHATS, False))

    def pin(self, text: str, chat: str, blocks: list[Block], now: datetime) -> None:
        """A message is pinned by a task that is in these blocks; its notice comes at once, and opens nothing."""
        if self.is_open[chat]:
            self.send(text, chat, blocks, now)

    def send(self, text: str, chat: str, blocks: list[Block], now: datetime) -> None:
        """A text is sent to a chat by a task that is in these blocks, the innermost last."""
        block = next((block for block in reversed(blocks) if block.chat == chat), None)
        if block is None:
            return
        was_closed = self.closed[chat] > block.entered
        if block.left is None and not was_closed:
            self.add(text, chat)
        elif self.is_open[chat] and (block.left is None or (self.is_straggler(block, chat, now) and not was_closed)):
            self.held[chat].append(text)

    @staticmethod
    def is_straggler(block: Block, chat: str, now: datetime) -> bool:
        """Tell whether a task that outlived its block still records."""
        return block.left is not None and chat != "group" and now - block.left <= timedelta(minutes=1)

    def add(self, text: str, chat: str) -> None:
        """A text is recorded in a chat's session, which opens."""
        self.is_open[chat] = True
        self.held[chat].append(text)

    def close(self, chat: str, step: int) -> None:
        """A chat's session is closed."""
        self.held[chat], self.closed[chat], self.is_open[chat] = [], step, False


async def run(steps: list[tuple[str, str]]) -> None:  # noqa: C901 - a table of steps
    """Run a program and its model, and compare what every session holds after each step."""
    now, model = [datetime.now(UTC)], Model()
    async with BotApi() as api:
        account = api.add_bot("order_bot")
        people = {name: api.add_person(name.title()) for name in ("ann", "ben")}
        ids = {name: person.id for name, person in people.items()}
        for person in people.values():
            person.private_chat(account)
        ids["group"] = api.add_supergroup("Group", members=list(people.values()), admins=[account]).id
        async with SessionBot(account.token, session=api.client_session()) as bot:
            setup_sessions(dispatcher := Dispatcher(), bot, clock=lambda: now[0])
            to_pin = {name: (await bot.send_message(ids[name], "rules")).message_id for name in CHATS}
            owners = people | {"group": people["ann"]}  # sessions of a whole chat get the bot's notices by themselves
            keys = {name: bot.sessions.get(ids[name], owners[name].id, collect=False).key for name in CHATS}
            stack: list[tuple[Session, Block]] = []
            waiting: list[tuple[asyncio.Event, asyncio.Task[None], str, str, list[Block], Callable[..., None]]] = []
            sent: dict[tuple[int, int], str] = {}

            async def send(text: str, chat: str) -> None:
                message = await bot.send_message(ids[chat], text)
                sent[message.chat.id, message.message_id] = text

            async def pin(text: str, chat: str) -> None:
                await bot.pin_chat_message(ids[chat], to_pin[chat])
                for update in await bot.get_updates():
                    assert update.message is not None
                    sent[update.message.chat.id, update.message.message_id] = text
                    await dispatcher.feed_update(bot, update)
                    await bot.get_updates(offset=update.update_id + 1)

            async def straggle(go: asyncio.Event, text: str, chat: str, acts: Callable[..., Awaitable[None]]) -> None:
                await go.wait()
                await acts(text, chat)

            for number, (step, chat) in enumerate(steps):
                text, blocks = f"{number}", [block for _, block in stack]
                match step:
                    case "enter":
                        session = bot.sessions.handle(keys[chat])
                        await session.__aenter__()
                        stack.append((session, Block(chat, number)))
                        model.is_open[chat] = True
                    case "leave" if stack:
                        session, block = stack.pop()
                        await session.__aexit__(None, None, None)
                        block.left = now[0]
                    case "send":
                        await send(text, chat)
                        model.send(text, chat, blocks, now[0])
                    case "send unrecorded":
                        with unrecorded():
                            await send(text, chat)
                    case "send by session":
                        message = await bot.sessions.handle(keys[chat]).send_message(text)
                        sent[message.chat.id, message.message_id] = text
                        model.add(text, chat)
                    case "pin":
                        await pin(text, chat)
                        model.pin(text, chat, blocks, now[0])
                    case "spawn" | "spawn here" | "spawn pin" if step != "spawn here" or stack:
                        to, go = chat or stack[-1][1].chat, asyncio.Event()
                        does, in_model = (pin, model.pin) if step == "spawn pin" else (send, model.send)
                        straggling = asyncio.create_task(straggle(go, text, to, does))
                        waiting.append((go, straggling, text, to, blocks, in_model))
                    case "let one go" if waiting:
                        go, task, late, to, its, in_model = waiting.pop(0)
                        go.set()
                        await task
                        in_model(late, to, its, now[0])
                    case "close":
                        await bot.sessions.handle(keys[chat], collect=False).close()
                        model.close(chat, number)
                    case "wait":
                        now[0] += timedelta(seconds=61)
                for name in CHATS:
                    entries = await bot.sessions.handle(keys[name], collect=False).messages()
                    assert [sent[entry.chat_id, entry.message_id] for entry in entries] == model.held[name], step
            for session, _ in reversed(stack):
                await session.__aexit__(None, None, None)
            for _, task, *_ in waiting:
                task.cancel()


@settings(max_examples=tries(100), deadline=None)
@example([("enter", "ann"), ("spawn here", ""), ("leave", ""), ("wait", ""), ("let one go", "")])
@example([("enter", "group"), ("spawn here", ""), ("leave", ""), ("let one go", "")])
@example([("enter", "group"), ("spawn pin", "group"), ("leave", ""), ("let one go", "")])
@example([("enter", "ann"), ("spawn", "ben"), ("leave", ""), ("let one go", "")])
@given(STEPS)
def test_no_message_is_in_a_slice_that_the_program_did_not_put_there(steps: list[tuple[str, str]]) -> None:
    asyncio.run(run(steps))


OPENINGS: tuple[Callable[[Session, Message], Awaitable[object]], ...] = (
    lambda session, _: session.open(),
    lambda session, _: session.send_message("Which?"),
    lambda session, message: session(message.answer("Which?")),
    lambda session, message: session.keep(message),
)
"""Lines that open a session. The last one opens none."""

DELIVERIES = st.lists(
    st.one_of(
        st.tuples(st.just("type"), st.just(0), st.integers(0, 1)),
        st.tuples(st.just("type, deliver later"), st.just(0), st.just(0)),
        st.tuples(st.just("deliver"), st.integers(0, 12), st.integers(0, 1)),
        st.tuples(st.just("open with"), st.sampled_from(range(len(OPENINGS))), st.integers(0, 1)),
        st.tuples(st.sampled_from(["forget", "clear", "close", "keep"]), st.integers(0, 12), st.integers(0, 1)),
    ),
    max_size=25,
)


async def deliver(steps: list[tuple[str, int, int]]) -> None:  # noqa: C901 - a table of steps
    """Deliver messages once, late and again, at two workers. What left the session, or was before it, stays outside."""
    async with BotApi() as api:
        account, ann, storage = api.add_bot("order_bot"), api.add_person("Ann"), MemorySessionStorage()
        chat, workers = ann.private_chat(account), []
        opening: list[Callable[[Session, Message], Awaitable[object]]] = []
        for _ in range(2):
            bot = SessionBot(account.token, session=api.client_session())
            setup_sessions(dispatcher := Dispatcher(), bot, storage=storage)

            @dispatcher.message()
            async def handle(message: Message, bot: SessionBot, session: Session) -> None:
                if opening:
                    await session.close()
                    await opening[0](session, message)

            workers.append((dispatcher, bot))
        typed: list[int] = []
        gone: set[int] = set()

        async def feed(message_id: int, worker: int) -> None:
            dispatcher, bot = workers[worker]
            body = {
                "message_id": message_id,
                "date": api.clock.unix_time(),
                "text": "hi",
                "chat": {"id": ann.id, "type": "private"},
                "from": {"id": ann.id, "is_bot": False, "first_name": "Ann"},
            }
            update = Update.model_validate({"update_id": message_id, "message": body}, context={"bot": bot})
            await dispatcher.feed_update(bot, update)

        for step, number, worker in steps:
            session = workers[worker][1].sessions.get(ann.id, ann.id, collect=False)
            held = [entry.message_id for entry in await session.messages()]
            if step in {"type", "type, deliver later", "open with"}:
                typed.append((await chat.types("hi")).message_id)
            match step:
                case "type":
                    await feed(typed[-1], worker)
                case "open with":
                    gone.update(typed)
                    opening.append(OPENINGS[number])
                    await feed(typed[-1], worker)
                    opening.clear()
                case "deliver" if typed:
                    await feed(typed[number % len(typed)], worker)
                case "forget" | "clear" | "close":
                    acts: dict[str, Callable[[], object]] = {
                        "forget": session.forget,
                        "clear": session.clear,
                        "close": session.close,
                    }
                    await acts[step]()  # type: ignore[misc]  # each is awaitable
                    gone.update(held)
                case "keep" if held:
                    entry = (await session.messages())[number % len(held)]
                    await session.keep(entry)
                    gone.add(entry.message_id)
            now = {entry.message_id for entry in await session.messages()}
            assert not now & gone, (step, now & gone)
        for _, bot in workers:
            await bot.sessions.aclose()
            await bot.session.close()


@settings(max_examples=tries(100), deadline=None)
@given(DELIVERIES)
def test_nothing_comes_back_however_updates_are_delivered(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(deliver(steps))
