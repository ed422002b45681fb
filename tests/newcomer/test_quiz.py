"""The quiz's first test."""

from __future__ import annotations

from tests.newcomer.quiz import QUESTIONS, build
from tgslices import SessionBot, SessionStorage
from tgslices.testing import ChatView, Run


async def test_a_quiz_leaves_its_result(
    bot: SessionBot, chat: ChatView, run: Run, session_storage: SessionStorage
) -> None:
    await run(build(bot, session_storage))
    await chat.types("/quiz")
    for number, answer in enumerate(["4", "6", "3"], 1):
        question = await chat.sees(kind="poll")
        await chat.votes(question, answer)
        assert number == len(QUESTIONS) or len([m for m in chat.visible() if m.kind == "poll"]) == number + 1
    await chat.sees_only(["/quiz", "2 of 3 right."])
