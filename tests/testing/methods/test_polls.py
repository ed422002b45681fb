"""Polls as they are sent, copied and closed. How people vote is in people/test_interacting."""

import pytest
from aiogram import Bot
from aiogram.methods import SendPoll
from aiogram.types import InputPollOption, Poll

from tests.testing.refusals import refusal
from tgslices.testing import BotApi, ChatView


async def test_a_copy_is_a_poll_of_its_own_and_a_forward_the_same(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_poll(chat.id, "Tea?", ["yes", "no"])
    await chat.votes(chat.visible()[0], "yes")
    await bot.stop_poll(chat.id, sent.message_id)
    await bot.copy_message(chat.id, chat.id, sent.message_id)
    await bot.copy_messages(chat.id, chat.id, [sent.message_id])
    await bot.forward_message(chat.id, chat.id, sent.message_id)
    first, second, third, forwarded = [Poll(**message.content["poll"]) for message in chat.stored()]
    assert len({first.id, second.id, third.id}) == 3
    assert forwarded.id == first.id
    for copied in (second, third):
        assert (copied.total_voter_count, copied.is_closed) == (0, False)
        assert [(option.text, option.voter_count) for option in copied.options] == [("yes", 0), ("no", 0)]
    await chat.votes(chat.visible()[1], "no")
    assert str(chat).splitlines()[1:3] == [
        "    1  order_bot: <poll> Tea? · yes: 1 · no: 0 · (closed)",
        "    2  order_bot: <poll> Tea? · yes: 0 · no: 1",
    ]


async def test_closing_a_poll_is_told_as_every_vote_is(bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_poll(chat.id, "Tea?", ["yes", "no"])
    await chat.votes(chat.visible()[0], "yes")
    await bot.stop_poll(chat.id, sent.message_id)
    told = [update.poll for update in await bot.get_updates()]
    assert [(poll.is_closed, poll.total_voter_count) for poll in told if poll] == [(False, 1), (True, 1)]


async def test_every_text_of_a_quiz_has_entities_of_its_own(api: BotApi, bot: Bot, chat: ChatView) -> None:
    api.clock.freeze()
    method = SendPoll(
        chat_id=chat.id,
        question="<b>Tea</b>?",
        question_parse_mode="HTML",
        options=[InputPollOption(text="*yes*", text_parse_mode="MarkdownV2"), InputPollOption(text="no")],
        type="quiz",
        correct_option_id=1,
        explanation="<i>It is</i> late",
        explanation_parse_mode="HTML",
        open_period=60,
    )
    poll = (await bot(method)).poll
    assert poll is not None
    assert poll.close_date is not None
    assert (poll.question, poll.explanation, poll.options[0].text) == ("Tea?", "It is late", "yes")
    for entities in (poll.question_entities, poll.explanation_entities, poll.options[0].text_entities):
        assert [entity.offset for entity in entities or ()] == [0]
    assert (poll.open_period, poll.close_date.timestamp()) == (60, api.clock.unix_time() + 60)


@pytest.mark.parametrize("option", ["", "  ", "<b></b>"])
async def test_options_without_a_text_are_refused(bot: Bot, chat: ChatView, option: str) -> None:
    options: list[InputPollOption | str] = ["yes", InputPollOption(text=option, text_parse_mode="HTML")]
    method = SendPoll(chat_id=chat.id, question="Tea?", options=options)
    assert await refusal(bot, method) == "Bad Request: poll options must be non-empty"
