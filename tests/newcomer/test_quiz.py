"""The quiz's first test."""

from __future__ import annotations

from tests.newcomer.quiz import QUESTIONS, build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import ChatView, Run


async def test_a_quiz_leaves_its_score(
    bot: SessionBot, chat: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage))
    await chat.types("/quiz")
    for (question, *_), answer in zip(QUESTIONS, ("Eight", "Mars", "Ice"), strict=True):
        await chat.votes(await chat.sees(question), answer)
    await chat.sees_only(["2 of 3 were right."])
