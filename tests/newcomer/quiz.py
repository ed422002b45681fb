"""A quiz of three questions in polls, of which only the result stays."""

from __future__ import annotations

from typing import Annotated, Final

from aiogram import Dispatcher
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message, PollAnswer

from tgslices import Session, SessionBot, SessionQualifier, SessionStorage, setup_sessions

QUESTIONS: Final = (("2 + 2", ["3", "4"], 1), ("3 * 3", ["9", "6"], 0), ("10 - 7", ["2", "4", "3"], 2))

Quiz = Annotated[Session, SessionQualifier("quiz")]


class Asking(StatesGroup):
    question = State()


def build(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)

    async def ask(quiz: Session, number: int) -> None:
        text, options, right = QUESTIONS[number]
        async with quiz:
            await quiz.send_poll(text, list(options), type="quiz", correct_option_id=right, is_anonymous=False)

    @dispatcher.message(Command("quiz"))
    async def begin(message: Message, state: FSMContext, quiz: Quiz) -> None:
        await state.set_state(Asking.question)
        await state.set_data({"number": 0, "right": 0})
        await ask(quiz, 0)

    @dispatcher.poll_answer(Asking.question)
    async def answered(answer: PollAnswer, state: FSMContext, quiz: Quiz) -> None:
        data = await state.get_data()
        number, right = data["number"] + 1, data["right"] + (answer.option_ids == [QUESTIONS[data["number"]][2]])
        if number < len(QUESTIONS):
            await state.set_data({"number": number, "right": right})
            await ask(quiz, number)
            return
        await state.clear()
        await quiz.clear()
        await quiz.close()
        await bot.send_message(quiz.chat_id, f"{right} of {number} right.")

    return dispatcher
