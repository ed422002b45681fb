"""A quiz in polls: at the end nothing of it is there but the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from aiogram import Dispatcher, F
from aiogram.filters import Command
from aiogram.types import Message, PollAnswer, User

from tgslices import Session, SessionBot, SessionData, SessionQualifier, SessionStorage, setup_sessions

QUESTIONS: Final = (
    ("How many legs has a spider?", ["Six", "Eight", "Ten"], 1),
    ("Which planet is the largest?", ["Mars", "Venus", "Jupiter"], 2),
    ("What is frozen water called?", ["Ice", "Steam"], 0),
)


@dataclass
class Score:
    asked: int = 0
    right: int = 0


SCORE = SessionData(Score)
Quiz = Annotated[Session, SessionQualifier("quiz")]
QuizScore = Annotated[Score, SCORE, SessionQualifier("quiz")]


async def ask(quiz: Session, score: Score) -> None:
    question, options, right = QUESTIONS[score.asked]
    score.asked += 1
    await quiz.send_poll(question, list(options), type="quiz", correct_option_id=right, is_anonymous=False)


def build(bot: SessionBot, storage: SessionStorage) -> Dispatcher:
    dispatcher = Dispatcher()
    setup_sessions(dispatcher, bot, storage=storage)

    @dispatcher.message(Command("quiz"))
    async def begin(message: Message, quiz: Quiz, score: QuizScore) -> None:
        await quiz.clear()
        await quiz.open(include_current=True)
        score.asked = score.right = 0
        await ask(quiz, score)

    @dispatcher.poll_answer(F.user.as_("person"))
    async def answered(vote: PollAnswer, person: User, quiz: Quiz, score: QuizScore) -> None:
        if not await quiz.is_open():
            return
        score.right += vote.option_ids == [QUESTIONS[score.asked - 1][2]]
        if score.asked < len(QUESTIONS):
            await ask(quiz, score)
            return
        await quiz.clear()
        await quiz.close()
        await bot.send_message(person.id, f"{score.right} of {score.asked} were right.")

    return dispatcher
