"""A world from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks_of
from tgslices.testing import BotApi
from tgslices.testing.world_file import WorldFileError, load_world

WORLD = """
[[bot]]
username = "desk_bot"
token = "42:secret"

[[person]]
name = "Ada"

[[person]]
name = "Ben"
username = "ben"
language_code = "de"

[[chat]]
title = "Staff"
kind = "forum"
admins = ["Ada", "desk_bot"]
members = ["Ben"]
topics = ["Parcels"]

[[chat]]
title = "News"
kind = "channel"
username = "news"
admins = ["Ada", "desk_bot"]
members = ["Ben"]
direct_messages = true

[[business]]
owner = "Ada"
customer = "Ben"
bot = "desk_bot"

[[message]]
chat = "Staff"
sender = "Ben"
text = "Good morning"

[[message]]
chat = "desk_bot"
sender = "Ben"
text = "Where is my parcel?"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "world.toml"


def test_everything_that_a_file_names_is_there(path: Path) -> None:
    path.write_text(WORLD, "utf-8")
    api = BotApi()
    [bot] = load_world(api, path)
    assert (bot.id, bot.token) == (42, "42:secret")
    ada, ben = [user for user in api.world.users.values() if not user.is_bot and user.first_name in {"Ada", "Ben"}]
    assert (ada.username, ben.username, ben.language_code) == (None, "ben", "de")
    staff, news, direct = api.world.chats.values()
    assert (staff.is_forum, [topic.name for topic in staff.topics.values()][-1]) == (True, "Parcels")
    assert (news.type, news.username, direct.parent) == ("channel", "news", news)
    assert [staff.status_of(user.id) for user in (ada, ben, bot)] == ["administrator", "member", "administrator"]
    assert [connection.owner for connection in api.world.connections.values()] == [ada]
    assert [message.content.get("text") for message in staff.messages.values()][-1] == "Good morning"
    [asked] = api.world.private_chat(ben, bot).messages.values()
    assert asked.content["text"] == "Where is my parcel?"
    assert not any(b"morning" in update.body or b"parcel?" in update.body for update in bot.updates.pending.values())


def test_the_file_on_the_page_makes_a_world(path: Path) -> None:
    [block] = [
        block for block in blocks_of((ROOT / "docs/chat-page.md").read_text("utf-8")) if block.language == "toml"
    ]
    path.write_text(block.source, "utf-8")
    api = BotApi()
    assert [bot.username for bot in load_world(api, path)] == ["desk_bot"]
    assert [chat.title for chat in api.world.chats.values()][:2] == ["Staff", "News"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[bot", "this is no TOML: Expected ']]' at the end of an array declaration (at end of document)"),
        ("[[dog]]", "there is no table [[dog]]; the tables are bot, person, chat, business, message"),
        ("[bot]\nusername = 'a_bot'", "bot: write [[bot]], in double brackets, before each"),
        ("[[person]]", "person 1: 'name' is missing"),
        ("[[person]]\nname = 7", "person 1: 'name' must be a text"),
        ("[[person]]\nnick = 'A'", "person 1: there is no 'nick'; there are name, username, last_name, language_code"),
        (
            "[[person]]\nname = 'A'\n[[person]]\nname = 'A'",
            "person 2: there are two called 'A', and other tables could not tell them apart",
        ),
        (
            "[[person]]\nname = 'Ada'\n[[chat]]\ntitle = 'T'\nkind = 'group'\nmembers = ['Adda']",
            "chat 1: there is no person or bot called 'Adda', but Ada",
        ),
        ("[[chat]]\ntitle = 'T'\nkind = 'club'", "chat 1: 'kind' must be one of group, supergroup, forum, channel"),
        ("[[chat]]\ntitle = 'T'\nkind = 'group'\ntopics = ['A']", "chat 1: only a forum has topics"),
        (
            "[[chat]]\ntitle = 'T'\nkind = 'forum'\ntopics = ['A']",
            "chat 1: 'admins' must name whoever makes the topics",
        ),
        ("[[chat]]\ntitle = 'T'\nkind = 'group'\nmembers = [7]", "chat 1: 'members' must be a list of texts"),
        (
            "[[person]]\nname = 'A'\n[[business]]\nowner = 'A'\ncustomer = 'A'\nbot = 'b'",
            "business 1: the customer must be somebody else than the owner",
        ),
        (
            "[[person]]\nname = 'A'\n[[message]]\nchat = 'T'\nsender = 'A'\ntext = 'hi'",
            "message 1: there is no chat called 'T', but none",
        ),
        (
            "[[bot]]\nusername = 'a_bot'\ntoken = '1'",
            "bot 1: this is no token: write it like 42:secret",
        ),
    ],
)
def test_what_makes_no_world_is_refused_with_its_place(path: Path, text: str, complaint: str) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(WorldFileError) as caught:
        load_world(BotApi(), path)
    assert str(caught.value).startswith(f"{path}: {complaint}")
