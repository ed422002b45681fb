"""What a test plants may be anything: a chat is printed, and a page of it drawn, whatever the messages hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgslices.testing import BotAccount, BotApi, ChatView, Person
from tgslices.testing.http.call_log import CallLog
from tgslices.testing.page.live import written
from tgslices.testing.page.snapshot import snapshot
from tgslices.testing.rules.kinds import SERVICE_KINDS
from tgslices.testing.stage import Stage
from tgslices.testing.state.clock import Clock
from tgslices.testing.state.world import World

KINDS = sorted(
    {*SERVICE_KINDS, "text", "photo", "document", "sticker", "poll", "rich_message", "checklist", "story"}
    | {"contact", "location", "venue", "dice", "game", "invoice", "paid_media", "giveaway", "audio", "something_new"}
)
FIELDS = (
    *("text", "entities", "caption", "from", "chat", "reply_markup", "forward_origin", "via_bot", "edit_date"),
    *("sender_business_bot", "media_group_id", "message_thread_id", "has_media_spoiler", "inline_keyboard"),
    *("options", "tasks", "blocks", "cells", "items", "buttons", "button", "type", "offset", "length", "url", "id"),
    *("first_name", "file_id", "file_size", "gift", "sticker", "sender_user", "copy_text", "callback_data", "pay"),
)
TYPES = st.sampled_from(["list", "table", "buttons", "button", "url", "paragraph", "bold", "pre", "user"])
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5) | TYPES
)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)


VALUES = st.recursive(LEAVES, around, max_leaves=12)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def drawn(world: World) -> dict[str, Any]:
    """The messages as a browser gets them, in order."""
    sent = written({"set": snapshot(world, CallLog()), "gone": []}).encode()
    things = json.loads(sent, parse_constant=refuse)["set"]
    return {name: thing for name, thing in things.items() if name.startswith("message:")}


class Scene:
    """A chat of a world without a server."""

    def __init__(self) -> None:
        self.stage = Stage(World(Clock()))
        self.ann = self.stage.add_person("Ann")
        self.chat = self.ann.private_chat(self.stage.world.add_bot("order_bot"))

    def plant(self, kind: str, content: dict[str, Any]) -> None:
        self.stage.plant_message(self.chat, self.ann, kind=kind, content=content)


@given(st.sampled_from(KINDS), VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
def test_a_chat_is_printed_and_drawn_whatever_a_message_holds(kind: str, field: Any, more: dict[str, Any]) -> None:
    scene = Scene()
    scene.plant(kind, {**more, kind: field})
    scene.plant("text", {"text": "and then?"})
    assert str(scene.chat).encode().decode().endswith("and then?")
    assert [thing["serial"] for thing in drawn(scene.stage.world).values()] == [1, 2]
    scene.chat.texts()
    scene.chat.keyboard()


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("poll", {"poll": {"options": ["a", "b"]}}, "<poll>", "Poll"),
    ("poll", {"poll": {"options": 5}}, "<poll> poll (cannot be shown)", "poll (cannot be shown)"),
    ("game", {"game": {"title": []}}, "<game>", "Game"),
    ("giveaway", {"giveaway": 1}, "<giveaway> Giveaway · 0 winners", "Giveaway"),
    ("photo", {"photo": []}, "<photo>", "Photo"),
    ("document", {"document": {"file_id": {}}}, "<document>", "Document"),
    ("story", {"story": {"chat": "x"}}, "<story> story (cannot be shown)", "story (cannot be shown)"),
]


@pytest.mark.parametrize(("kind", "content", "said", "title"), CASES)
def test_content_that_makes_no_sense_is_named(kind: str, content: dict[str, Any], said: str, title: str) -> None:
    scene = Scene()
    scene.plant(kind, content)
    assert str(scene.chat).splitlines()[-1] == f"    1  Ann: {said}"
    assert [thing["detail"]["title"] for thing in drawn(scene.stage.world).values()] == [title]


@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [
        ("new_chat_members", [{}], "Ann: new chat members (cannot be shown)"),
        ("gift", 1, "Ann: gift (cannot be shown)"),
        ("left_chat_member", "Bob", "Ann: left chat member (cannot be shown)"),
        ("forum_topic_created", {}, "Ann: forum topic created (cannot be shown)"),
    ],
)
def test_a_service_message_that_makes_no_sense_is_named(kind: str, field: Any, told: str) -> None:
    scene = Scene()
    scene.plant(kind, {kind: field})
    assert str(scene.chat).splitlines()[-1] == f"    1  Ann: <{kind}> {told}"
    assert [thing["service"] for thing in drawn(scene.stage.world).values()] == [told]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"text": "Tea?", "reply_markup": None}, "Tea?"),
        ({"text": "Tea?", "reply_markup": {"inline_keyboard": [None, [1, {}]]}}, "Tea?"),
        ({"text": "Tea?", "entities": [{"type": "bold"}, 1]}, "Tea?"),
        ({"text": "Tea\ud800?"}, "Tea\ufffd?"),
        ({"text": "Tea\ud83c\udf75"}, "Tea🍵"),
    ],
)
def test_a_text_is_shown_whatever_hangs_on_it(content: dict[str, Any], said: str) -> None:
    scene = Scene()
    scene.plant("text", content)
    assert str(scene.chat).splitlines()[-1].rstrip() == f"    1  Ann: {said}"
    [thing] = drawn(scene.stage.world).values()
    assert (thing["text"], thing.get("buttons", [[]])) == (said, [[]])


def test_nobody_is_named_where_the_author_makes_no_sense() -> None:
    scene = Scene()
    scene.plant("text", {"text": "Tea?", "from": None, "chat": {}})
    assert str(scene.chat).splitlines()[-1] == "    1  somebody: Tea?"


async def test_an_odd_message_does_not_hide_what_a_test_waited_for_in_vain(
    api: BotApi, account: BotAccount, ann: Person, chat: ChatView
) -> None:
    api.plant_message(chat, ann, kind="new_chat_members", content={"new_chat_members": [{}]})
    with pytest.raises(AssertionError) as caught:
        await chat.until(lambda view: "tea" in view.texts(), timeout=0)
    assert str(caught.value) == (
        "not so within 0 s:\n"
        "--- order_bot, as Ann sees it ---\n"
        "    1  Ann: <new_chat_members> Ann: new chat members (cannot be shown)"
    )
