"""What the methods beyond plain messages do: to chats, to members, to the bot itself, and to those who ask it."""

from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import (
    ApproveChatJoinRequest,
    EditMessageLiveLocation,
    GetMyCommands,
    LeaveChat,
    SendMessage,
    SetChatDescription,
    SetGameScore,
    SetMessageReaction,
    SetMyCommands,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    ChatMemberRestricted,
    ChatPermissions,
    MenuButtonCommands,
    MenuButtonDefault,
    Message,
    ReactionTypeEmoji,
)

from tests.testing.refusals import answer_to, refusal
from tgslices.testing import BotAccount, BotApi, ChatView, Person

THUMB = ReactionTypeEmoji(emoji="👍")


@pytest.fixture
def team(api: BotApi, account: BotAccount, ann: Person) -> ChatView:
    return ann.view(api.add_supergroup("Team", members=[ann], admins=[account], is_forum=True))


async def test_commands_are_kept_by_scope_and_language(bot: Bot) -> None:
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand(command="start", description="begin")])
    await bot.set_my_commands([BotCommand(command="order", description="bestellen")], private, "de")
    assert [command.command for command in await bot.get_my_commands()] == ["start"]
    assert [command.command for command in await bot.get_my_commands(private, "de")] == ["order"]
    assert await bot.get_my_commands(private) == []
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == []
    wrong = SetMyCommands(commands=[BotCommand(command="Start!", description="x")])
    assert await refusal(bot, wrong) == "Bad Request: BOT_COMMAND_INVALID"
    for command, description, told in (
        ("/", "x", "command must be non-empty"),
        ("a" * 33, "x", "command length must not exceed 32"),
        ("start", " ", "command description must be non-empty"),
        ("start", "x" * 257, "command description length must not exceed 256"),
    ):
        wrong = SetMyCommands(commands=[BotCommand(command=command, description=description)])
        assert await refusal(bot, wrong) == f"Bad Request: {told}"
    stranger = GetMyCommands(scope={"type": "chat", "chat_id": 5})  # type: ignore[arg-type]
    assert await refusal(bot, stranger) == "Bad Request: chat not found"


async def test_a_bot_describes_itself(bot: Bot, chat: ChatView) -> None:
    await bot.set_my_name("Waiter")
    await bot.set_my_description("beschreibt", language_code="de")
    assert (await bot.get_me()).first_name == (await bot.get_my_name()).name == "Waiter"
    assert (await bot.get_my_description("de")).description == "beschreibt"
    assert (await bot.get_my_description()).description == ""
    assert isinstance(await bot.get_chat_menu_button(chat.id), MenuButtonCommands)
    await bot.set_chat_menu_button(chat.id, MenuButtonCommands())
    await bot.set_chat_menu_button(menu_button=MenuButtonDefault())
    assert isinstance(await bot.get_chat_menu_button(chat.id), MenuButtonCommands)


async def test_members_may_do_what_is_left_to_them(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person, team: ChatView
) -> None:
    await bot.restrict_chat_member(team.id, ann.id, ChatPermissions(can_send_photos=True))
    member = await bot.get_chat_member(team.id, ann.id)
    assert isinstance(member, ChatMemberRestricted)
    assert (member.can_send_photos, member.can_send_messages, member.can_send_polls) == (True, True, False)
    second = api.add_bot("second_bot")
    api.join(team, second)
    await bot.set_chat_permissions(team.id, ChatPermissions(can_send_messages=False))
    async with Bot(second.token, session=api.client_session()) as other:
        method = SendMessage(chat_id=team.id, text="x")
        assert await refusal(other, method) == "Bad Request: not enough rights to send text messages to the chat"
    assert (await bot.send_message(team.id, "administrators may")).text


async def test_a_chat_gets_another_look(bot: Bot, team: ChatView) -> None:
    await bot.set_chat_photo(team.id, BufferedInputFile(b"picture", "p.png"))
    await bot.set_chat_description(team.id, "who we are")
    shown = await bot.get_chat(team.id)
    assert shown.description == "who we are"
    assert shown.photo is not None
    await bot.delete_chat_photo(team.id)
    assert [message.kind for message in team.visible()] == ["new_chat_photo", "delete_chat_photo"]
    assert [update.message and update.message.content_type for update in await bot.get_updates()] == [
        "new_chat_photo",
        "delete_chat_photo",
    ]
    same = SetChatDescription(chat_id=team.id, description="who we are")
    assert await refusal(bot, same) == "Bad Request: chat description is not modified"


async def test_invitations(api: BotApi, bot: Bot, team: ChatView) -> None:
    link = await bot.create_chat_invite_link(team.id, name="friends", member_limit=3)
    assert (await bot.edit_chat_invite_link(team.id, link.invite_link, name="all")).member_limit is None
    assert (await bot.revoke_chat_invite_link(team.id, link.invite_link)).is_revoked
    first = await bot.export_chat_invite_link(team.id)
    second = await bot.export_chat_invite_link(team.id)
    assert (await bot.get_chat(team.id)).invite_link == second != first
    bob = api.add_person("Bob")
    await bob.view(team.chat).asks_to_join()
    [update] = await bot.get_updates()
    assert update.chat_join_request is not None
    assert await bot.approve_chat_join_request(team.id, bob.id)
    assert (await bot.get_chat_member(team.id, bob.id)).status == "member"
    again = ApproveChatJoinRequest(chat_id=team.id, user_id=bob.id)
    assert await refusal(bot, again) == "Bad Request: USER_ALREADY_PARTICIPANT"


async def test_reactions_show_and_are_told(api: BotApi, bot: Bot, ann: Person, chat: ChatView) -> None:
    hers = await chat.types("tea?")
    await bot.get_updates(offset=-1, allowed_updates=["message_reaction"])
    await bot.set_message_reaction(chat.id, hers.message_id, [THUMB])
    assert hers.reactions == {bot.id: [{"type": "emoji", "emoji": "👍"}]}
    await chat.reacts(hers, "🔥")
    reaction = (await bot.get_updates(offset=2))[0].message_reaction
    assert reaction is not None
    assert reaction.user is not None
    assert (reaction.user.id, reaction.message_id, reaction.old_reaction) == (ann.id, hers.message_id, [])
    await bot.set_message_reaction(chat.id, hers.message_id)
    assert list(hers.reactions) == [ann.id]
    many = SetMessageReaction(chat_id=chat.id, message_id=hers.message_id, reaction=[THUMB, THUMB])
    assert await refusal(bot, many) == "Bad Request: REACTIONS_TOO_MANY"


async def test_a_place_is_told_as_exactly_as_it_was_given(bot: Bot, chat: ChatView) -> None:
    """`Location.cpp:17-25` and `Client.cpp:789-805`: what belongs to live locations is left out of others."""
    sent = await bot.send_location(chat.id, 1.0, 2.0, horizontal_accuracy=7.5, heading=90, proximity_alert_radius=5)
    assert sent.location is not None
    assert (sent.location.horizontal_accuracy, sent.location.heading) == (7.5, None)
    live = await bot.send_location(chat.id, 1.0, 2.0, horizontal_accuracy=1501, heading=90, live_period=60)
    assert live.location is not None
    assert (live.location.horizontal_accuracy, live.location.heading) == (1500, 90)


async def test_a_live_location_ends(api: BotApi, bot: Bot, chat: ChatView) -> None:
    sent = await bot.send_location(chat.id, 1.0, 2.0, live_period=60)
    moved = await bot.edit_message_live_location(1.5, 2.5, chat_id=chat.id, message_id=sent.message_id)
    assert isinstance(moved, Message)
    assert moved.location is not None
    assert (moved.location.latitude, moved.location.live_period) == (1.5, 60)
    api.clock.move(timedelta(minutes=1))
    late = EditMessageLiveLocation(latitude=1, longitude=1, chat_id=chat.id, message_id=sent.message_id)
    assert await refusal(bot, late) == "Bad Request: message can't be edited"


async def test_scores(bot: Bot, ann: Person, chat: ChatView) -> None:
    game = await bot.send_game(chat.id, "chess")
    await bot.set_game_score(ann.id, 7, chat_id=chat.id, message_id=game.message_id)
    worse = SetGameScore(user_id=ann.id, score=3, chat_id=chat.id, message_id=game.message_id)
    assert await refusal(bot, worse) == "Bad Request: BOT_SCORE_NOT_MODIFIED"
    [best] = await bot.get_game_high_scores(ann.id, chat_id=chat.id, message_id=game.message_id)
    assert (best.position, best.score, best.user.id) == (1, 7, ann.id)


async def test_the_general_topic(bot: Bot, team: ChatView) -> None:
    await bot.edit_general_forum_topic(team.id, "Lobby")
    await bot.close_general_forum_topic(team.id)
    await bot.hide_general_forum_topic(team.id)
    assert [message.kind for message in team.visible()] == [
        "forum_topic_edited",
        "forum_topic_closed",
        "general_forum_topic_hidden",
    ]


@pytest.mark.parametrize(
    ("button", "told"),
    [
        ({"type": "round"}, "can't parse menu button: MenuButton has unsupported type"),
        ({"type": "web_app", "text": "A"}, "can't parse menu button: Can't find field \"web_app\""),
        ({"type": "web_app", "text": "", "web_app": {"url": "https://a.org"}}, "menu button text must be non-empty"),
        (
            {"type": "web_app", "text": "A", "web_app": {"url": "http://a.org"}},
            "menu button Web App URL 'http://a.org' is invalid: Only HTTPS links are allowed",
        ),
    ],
)
async def test_a_menu_button_opens_a_secure_page(
    api: BotApi, account: BotAccount, bot: Bot, button: dict[str, Any], told: str
) -> None:
    """`Client.cpp:10680-10703` and `BotMenuButton.cpp:131-150`."""
    assert await answer_to(api, account, "setChatMenuButton", menu_button=button) == f"Bad Request: {told}"
    assert isinstance(await bot.get_chat_menu_button(), MenuButtonCommands)


async def test_a_bot_leaves_the_direct_messages_of_a_channel_with_the_channel(
    api: BotApi, account: BotAccount, bot: Bot, ann: Person
) -> None:
    """`DialogParticipantManager.cpp:3002`."""
    channel = api.add_channel("News", members=[ann], admins=[account])
    direct = api.add_direct_messages(channel)
    refused = "Bad Request: can't leave channel direct messages chats; leave the parent chat instead"
    assert await refusal(bot, LeaveChat(chat_id=direct.id)) == refused
    assert (await bot.get_chat_member(channel.id, account.id)).status == "administrator"
