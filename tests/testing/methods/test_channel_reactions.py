"""Reactions to posts, which are told as numbers."""

from aiogram import Bot

from tgslices.testing import BotAccount, BotApi, Person


async def test_a_channel_tells_how_many_reacted_and_not_who(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    """DOC, MessageReactionCountUpdated"""
    bob = api.add_person("Bob")
    channel = api.add_channel("News", members=[ann, bob], admins=[account])
    await bot.get_updates(allowed_updates=["message_reaction", "message_reaction_count"])
    post = await bot.send_message(channel.id, "news")
    seen = ann.view(channel).visible()[0]
    await ann.view(channel).reacts(seen, "👍")
    await bob.view(channel).reacts(seen, "👍")
    updates = await bot.get_updates()
    counts = [update.message_reaction_count for update in updates if update.message_reaction_count]
    assert [(count.message_id, count.reactions[0].total_count) for count in counts] == [
        (post.message_id, 1),
        (post.message_id, 2),
    ]
    assert not [update for update in updates if update.message_reaction]
