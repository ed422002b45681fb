"""Who may delete what, row by row. Quotes are of tdlib/td MessagesManager.cpp at 022d602."""

from datetime import timedelta

import pytest

from tgslices.testing.rules.deletion import Candidate, Standing, batch_refusal, deletion_refusal
from tgslices.testing.rules.kinds import SERVICE_KINDS

FRESH = timedelta(minutes=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NOT = "Bad Request: message can't be deleted"
NOT_FOR_EVERYONE = "Bad Request: message can't be deleted for everyone"

MEMBER = Standing()
ADMIN = Standing(is_administrator=True)
DELETER = Standing(True, frozenset({"can_delete_messages"}))
POSTER = Standing(True, frozenset({"can_post_messages"}))
MANAGER = Standing(True, frozenset({"can_manage_direct_messages"}))


def message(
    chat_type: str,
    kind: str = "text",
    *,
    own: bool = True,
    age: timedelta = FRESH,
    message_id: int = 7,
    test_dc: bool = False,
    direct: bool = False,
) -> Candidate:
    is_post = chat_type == "channel"
    return Candidate(chat_type, message_id, kind, own, age, is_post=is_post, is_direct=direct, is_test_dc=test_dc)


@pytest.mark.parametrize(
    ("candidate", "bot", "text"),
    [
        # In private chats outgoing and incoming, service messages too, up to 2 days, but no screenshots (8405-8414).
        (message("private"), MEMBER, None),
        (message("private", own=False), MEMBER, None),
        (message("private", "pinned_message"), MEMBER, None),
        (message("private", "pinned_message", own=False), MEMBER, None),
        (message("private", "screenshot_taken", own=False), MEMBER, NOT_FOR_EVERYONE),
        (message("private", age=2 * DAY), MEMBER, None),
        (message("private", age=2 * DAY + SECOND), MEMBER, NOT_FOR_EVERYONE),
        # A dice: false while "unix_time() - m->date < 86400" (8409).
        (message("private", "dice"), MEMBER, NOT_FOR_EVERYONE),
        (message("private", "dice", own=False), MEMBER, NOT_FOR_EVERYONE),
        (message("private", "dice", age=DAY - SECOND), MEMBER, NOT_FOR_EVERYONE),
        (message("private", "dice", age=DAY), MEMBER, None),
        (message("private", "dice", age=2 * DAY), MEMBER, None),
        (message("private", "dice", age=2 * DAY + SECOND), MEMBER, NOT_FOR_EVERYONE),
        (message("group", "dice"), MEMBER, None),
        # In basic groups: outgoing and no service message, or "is_appointed_administrator", up to 2 days (8416-8423).
        (message("group"), MEMBER, None),
        (message("group", own=False), MEMBER, NOT_FOR_EVERYONE),
        (message("group", "pinned_message"), MEMBER, NOT_FOR_EVERYONE),
        (message("group", "pinned_message"), ADMIN, None),
        (message("group", own=False), ADMIN, None),
        (message("group", own=False, age=2 * DAY), ADMIN, None),
        (message("group", own=False, age=2 * DAY + SECOND), ADMIN, NOT_FOR_EVERYONE),
        # "bots can't delete messages older than 2 days", before any right is looked at (8346).
        (message("supergroup", age=2 * DAY - SECOND), DELETER, None),
        (message("supergroup", age=2 * DAY), DELETER, NOT),
        (message("channel", age=2 * DAY), DELETER, NOT),
        # "G()->is_test_dc() ? 900 : 2 * 86400", and only there (8346).
        (message("supergroup", age=15 * MINUTE - SECOND, test_dc=True), DELETER, None),
        (message("supergroup", age=15 * MINUTE, test_dc=True), DELETER, NOT),
        (message("channel", age=15 * MINUTE, test_dc=True), DELETER, NOT),
        (message("group", age=2 * DAY, test_dc=True), MEMBER, None),
        (message("private", age=2 * DAY, test_dc=True), MEMBER, None),
        # Server identifier 1, ChannelMigrateFrom, ChannelCreate and TopicCreate are false (8352-8358).
        (message("supergroup", message_id=1), DELETER, NOT),
        (message("channel", "channel_chat_created"), DELETER, NOT),
        (message("supergroup", "supergroup_chat_created"), DELETER, NOT),
        (message("supergroup", "migrate_from_chat_id", own=False), DELETER, NOT),
        (message("supergroup", "forum_topic_created"), DELETER, NOT),
        (message("supergroup", "forum_topic_closed"), DELETER, None),
        # With the right everything, without it nothing but outgoing (8360-8366).
        (message("supergroup", own=False), DELETER, None),
        (message("supergroup", own=False), ADMIN, NOT),
        (message("supergroup"), MEMBER, None),
        # "status.can_delete_messages() || is_admined_monoforum": of direct messages anything, but not old (8346, 8361).
        (message("supergroup", own=False, direct=True), MANAGER, None),
        (message("supergroup", "suggested_post_declined", own=False, direct=True), MANAGER, None),
        (message("supergroup", own=False, direct=True), DELETER, NOT),
        (message("supergroup", own=False, direct=True, age=2 * DAY - SECOND), MANAGER, None),
        (message("supergroup", own=False, direct=True, age=2 * DAY), MANAGER, NOT),
        (message("supergroup", message_id=1, direct=True), MANAGER, NOT),
        (message("supergroup", own=False), MANAGER, NOT),
        # Posts and service messages of its own take "can_post_messages" (8368-8370).
        (message("supergroup", "pinned_message"), MEMBER, NOT),
        (message("supergroup", "pinned_message"), POSTER, None),
        (message("channel"), POSTER, None),
        (message("channel"), ADMIN, NOT),
        (message("channel", own=False), POSTER, NOT),
        (message("channel", own=False), DELETER, None),
    ],
)
def test_one_message(candidate: Candidate, bot: Standing, text: str | None) -> None:
    refusal = deletion_refusal(candidate, bot)
    assert (refusal and refusal.description) == text


def test_the_first_culprit_refuses_the_whole_batch() -> None:
    """`for (auto message_id : message_ids) ... return promise.set_error(...)` (8500-8509)."""
    healthy, old = message("private"), message("private", age=3 * DAY)
    refusal = batch_refusal([healthy, healthy, old, healthy], MEMBER)
    assert refusal is not None
    assert refusal.description == NOT_FOR_EVERYONE
    assert batch_refusal([healthy] * 100, MEMBER) is None


def test_an_empty_batch_is_accepted() -> None:
    """`if (input_message_ids.empty()) return promise.set_value(Unit())` (8463)."""
    assert batch_refusal([], MEMBER) is None


def test_giveaways_are_no_service_messages() -> None:
    """MessageContentType.cpp:591-612: Giveaway and GiveawayWinners return false, GiveawayLaunch and -Results true."""
    assert not SERVICE_KINDS & {"giveaway", "giveaway_winners", "text", "dice", "invoice", "story"}
    assert {"giveaway_created", "giveaway_completed", "pinned_message", "web_app_data"} <= SERVICE_KINDS
