"""Polls as they are sent, copied and closed. How people vote is in people/test_interacting."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.methods import SendPoll
from aiogram.types import BufferedInputFile, InputMediaPhoto, InputPollOption, Poll

from tests.needs import needs
from tests.testing.refusals import refusal
from tgslices.testing import BotAccount, BotApi, ChatView


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
    assert await refusal(bot, method) == "Bad Request: text must be non-empty"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"question": "x" * 301}, "poll question length must not exceed 300"),
        ({"options": ["x" * 101]}, "poll options length must not exceed 100"),
        ({"options": ["x"] * 13}, "poll can't have more than 12 options"),
        ({"members_only": True}, "poll voters can be restricted only in channel chats"),
    ],
)
async def test_what_a_poll_cannot_be(bot: Bot, chat: ChatView, changes: dict[str, Any], error: str) -> None:
    """`MessageContent.cpp:5010, 5057` and `PollOption.cpp:68`"""
    poll = SendPoll(**{"chat_id": chat.id, "question": "Tea?", "options": ["yes", "no"], **changes})
    assert await refusal(bot, poll) == f"Bad Request: {error}"


async def test_a_channel_has_anonymous_polls_only(api: BotApi, account: BotAccount, bot: Bot) -> None:
    """`MessageContent.cpp:6271`"""
    channel = api.add_channel("News", admins=[account])
    poll = SendPoll(chat_id=channel.id, question="Tea?", options=["yes"], is_anonymous=False)
    assert await refusal(bot, poll) == "Bad Request: non-anonymous polls can't be sent to channel chats"


async def test_only_a_quiz_cannot_be_voted_again(bot: Bot, chat: ChatView) -> None:
    """`Client.cpp:13179`"""
    regular = await bot.send_poll(chat.id, "Tea?", ["yes", "no"])
    quiz = await bot.send_poll(chat.id, "Tea?", ["yes", "no"], type="quiz", correct_option_id=0)
    assert regular.poll is not None
    assert quiz.poll is not None
    assert (regular.poll.allows_revoting, quiz.poll.allows_revoting) == (True, False)


async def test_a_poll_closes_when_its_time_has_come(api: BotApi, bot: Bot, chat: ChatView) -> None:
    """`PollManager.cpp:1789`"""
    await bot.send_poll(chat.id, "Tea?", ["yes", "no"], open_period=60)
    api.clock.move(timedelta(seconds=59))
    await chat.votes(chat.visible()[0], "yes")
    api.clock.move(timedelta(seconds=2))
    with pytest.raises(ValueError, match="no open poll"):
        await chat.votes(chat.visible()[0], "no")
    told = [update.poll for update in await bot.get_updates()]
    assert [(poll.is_closed, poll.total_voter_count) for poll in told if poll] == [(False, 1), (True, 1)]


async def test_a_poll_closes_by_the_real_clock_too(bot: Bot, chat: ChatView) -> None:
    await bot.send_poll(chat.id, "Tea?", ["yes", "no"], open_period=1)
    [update] = await bot.get_updates(timeout=5)
    assert update.poll is not None
    assert update.poll.is_closed


@needs(types, "InputMediaLocation")
async def test_polls_show_media(bot: Bot, chat: ChatView) -> None:
    """`Client.cpp:11780-11837`"""
    photo = InputMediaPhoto(media=BufferedInputFile(b"x", "x.jpg"))
    place = types.InputMediaLocation(latitude=1, longitude=2)
    options: list[InputPollOption | str] = [
        InputPollOption(text="yes", media=photo),
        InputPollOption(text="no", media=place),
    ]
    sent = await bot.send_poll(chat.id, "Tea?", options, media=photo)
    assert sent.poll is not None
    assert sent.poll.media is not None
    assert sent.poll.media.photo is not None
    first, second = sent.poll.options
    assert first.media is not None
    assert first.media.photo is not None
    assert second.media is not None
    assert second.media.location is not None
