"""The other rules, as tables: identifiers, access, delivery, editing, copies, albums, business, floods (C1-C10)."""

from datetime import timedelta

import pytest

from tgslices.testing.errors import ApiError, described
from tgslices.testing.rules import (
    albums,
    business,
    delivery,
    ephemeral,
    flood,
    forwarding,
    pinning,
    sending,
    topics,
)
from tgslices.testing.rules.access import Access, ChatFacts, access_refusal
from tgslices.testing.rules.deletion import Standing
from tgslices.testing.rules.editing import (
    Editable,
    caption_refusal,
    markup_refusal,
    media_refusal,
    text_refusal,
)
from tgslices.testing.wire import identifiers


def text_of(refusal: ApiError | None) -> str | None:
    return None if refusal is None else refusal.description


@pytest.mark.parametrize(
    ("code", "cause", "text"),
    [
        (400, "Message can't be deleted", "Bad Request: message can't be deleted"),
        (400, "MESSAGE_ID_INVALID", "Bad Request: MESSAGE_ID_INVALID"),
        (400, "BUTTON_DATA_INVALID", "Bad Request: BUTTON_DATA_INVALID"),
        (400, "Bad Request: chat not found", "Bad Request: chat not found"),
        (403, "Forbidden: user is deactivated", "Forbidden: user is deactivated"),
        (401, "", "Unauthorized"),
        (404, "method not found", "Not Found: method not found"),
        (500, "", "Internal Server Error"),
    ],
)
def test_texts_are_made_as_the_server_makes_them(code: int, cause: str, text: str) -> None:
    """`fail_query_with_error`, Client.cpp:71-205: a prefix, and a small first letter but for upper-case codes."""
    assert described(code, cause) == text


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "message identifiers are not specified"),
        ("[1", "can't parse message_ids JSON object"),
        ("7", "expected an Array of message identifiers"),
        ('{"a":1}', "expected an Array of message identifiers"),
        (str(list(range(1, 102))), "too many message identifiers specified"),
        ("[1,null]", "message identifier must be a Number"),
        ("[true]", "message identifier must be a Number"),
        ("[[1]]", "message identifier must be a Number"),
        ('["x"]', "can't parse message identifier as a Number"),
        ("[1.5]", "can't parse message identifier as a Number"),
        ("[2147483648]", "can't parse message identifier as a Number"),
        ("[1,0]", "invalid message identifier specified"),
        ("[-5]", "invalid message identifier specified"),
    ],
)
def test_lists_of_identifiers_are_refused_as_a_whole(text: str, error: str) -> None:
    """`get_message_ids`, Client.cpp:12403-12441."""
    with pytest.raises(ApiError) as caught:
        identifiers.message_ids(text)
    assert caught.value.description == f"Bad Request: {error}"


def test_lists_of_identifiers_keep_order_and_duplicates() -> None:
    assert identifiers.message_ids('[3,"1",3,2147483647]') == [3, 1, 3, 2147483647]
    assert identifiers.message_ids("[]") == []
    assert identifiers.message_ids(str(list(range(1, 101)))) == list(range(1, 101))


@pytest.mark.parametrize(("text", "number"), [("", 0), ("x", 0), ("-1", 0), ("0", 0), ("7", 7), ("2147483648", 0)])
def test_single_identifiers_are_read_leniently(text: str, number: int) -> None:
    """`get_message_id`, Client.cpp:12390: anything missing, negative or unparsable is 0."""
    assert identifiers.message_id(text) == number


GROUP, SUPERGROUP, CHANNEL, PRIVATE = "group", "supergroup", "channel", "private"


@pytest.mark.parametrize(
    ("chat", "access", "text"),
    [
        (ChatFacts(PRIVATE), Access.WRITE, None),
        (ChatFacts(PRIVATE, user_deactivated=True), Access.EDIT, "Forbidden: user is deactivated"),
        (ChatFacts(PRIVATE, user_deactivated=True), Access.READ, None),
        (ChatFacts(GROUP), Access.WRITE, None),
        (ChatFacts(GROUP, "kicked"), Access.EDIT, "Forbidden: bot was kicked from the group chat"),
        (ChatFacts(GROUP, "kicked"), Access.READ, None),
        (ChatFacts(GROUP, "left"), Access.WRITE, "Forbidden: bot is not a member of the group chat"),
        (ChatFacts(GROUP, deleted=True), Access.WRITE, "Forbidden: the group chat was deleted"),
        (ChatFacts(GROUP, deleted=True), Access.EDIT, None),
        (
            ChatFacts(GROUP, migrated_to=-1),
            Access.WRITE,
            "Bad Request: group chat was upgraded to a supergroup chat",
        ),
        (ChatFacts(GROUP, migrated_to=-1), Access.EDIT, None),
        (ChatFacts(GROUP, "left", migrated_to=-1), Access.EDIT, None),
        (ChatFacts(SUPERGROUP, "kicked"), Access.READ, "Forbidden: bot was kicked from the supergroup chat"),
        (
            ChatFacts(SUPERGROUP, "kicked", is_public=True),
            Access.READ,
            "Forbidden: bot was kicked from the supergroup chat",
        ),
        (ChatFacts(SUPERGROUP, "left"), Access.READ, "Forbidden: bot is not a member of the supergroup chat"),
        (ChatFacts(SUPERGROUP, "left", is_public=True), Access.READ, None),
        (
            ChatFacts(SUPERGROUP, "left", is_public=True),
            Access.EDIT,
            "Forbidden: bot is not a member of the supergroup chat",
        ),
        (ChatFacts(SUPERGROUP, "restricted"), Access.WRITE, None),
        (ChatFacts(CHANNEL, "kicked"), Access.READ, "Forbidden: bot was kicked from the channel chat"),
        (ChatFacts(CHANNEL, "left"), Access.WRITE, "Forbidden: bot is not a member of the channel chat"),
        (ChatFacts(CHANNEL, "administrator"), Access.WRITE, None),
    ],
)
def test_access_is_decided_before_messages_are_looked_at(chat: ChatFacts, access: Access, text: str | None) -> None:
    """`check_chat_access`, Client.cpp:8127-8195 (C4), and C5 for migrated groups."""
    assert text_of(access_refusal(chat, access)) == text


def test_migration_names_the_new_chat() -> None:
    refusal = access_refusal(ChatFacts(GROUP, migrated_to=-1001), Access.WRITE)
    assert refusal is not None
    assert refusal.parameters == {"migrate_to_chat_id": -1001}


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("outgoing", "kind", "age", "business_chat", "other_bot", "delivered"),
    [
        (False, "text", MINUTE, False, False, True),
        (True, "text", MINUTE, False, False, False),
        (True, "pinned_message", MINUTE, False, False, True),
        (True, "forum_topic_created", MINUTE, False, False, True),
        (True, "left_chat_member", MINUTE, False, False, True),
        (True, "new_chat_members", MINUTE, False, False, False),
        (True, "migrate_to_chat_id", MINUTE, False, False, False),
        (True, "text", MINUTE, True, False, True),
        (False, "text", DAY, False, False, False),
        (False, "text", DAY - timedelta(seconds=1), False, False, True),
        (False, "text", MINUTE, False, True, False),
    ],
)
def test_what_reaches_a_bot(
    *, outgoing: bool, kind: str, age: timedelta, business_chat: bool, other_bot: bool, delivered: bool
) -> None:
    """`need_skip_update_message`, Client.cpp:17402-17450 (C10): own service messages of some kinds are echoed."""
    assert (
        delivery.is_delivered(
            outgoing=outgoing, kind=kind, age=age, in_business_chat=business_chat, from_other_bot=other_bot
        )
        is delivered
    )


CANT = "Bad Request: message can't be edited"


@pytest.mark.parametrize(
    ("message", "text", "caption", "media", "markup"),
    [
        (Editable("text", outgoing=True), None, "Bad Request: there is no caption in the message to edit", None, None),
        (
            Editable("photo", outgoing=True),
            "Bad Request: there is no text in the message to edit",
            None,
            None,
            None,
        ),
        (
            Editable("voice", outgoing=True),
            "Bad Request: there is no text in the message to edit",
            None,
            "Bad Request: message media can't be edited",
            None,
        ),
        (Editable("sticker", outgoing=True), CANT, CANT, "Bad Request: message media can't be edited", None),
        (Editable("pinned_message", outgoing=True), CANT, CANT, "Bad Request: message media can't be edited", CANT),
        (Editable("text", outgoing=False), CANT, CANT, "Bad Request: message media can't be edited", CANT),
        (
            Editable("text", outgoing=True, is_forward=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=True, has_reply_keyboard=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=True, is_post=True),
            CANT,
            CANT,
            "Bad Request: message media can't be edited",
            CANT,
        ),
        (
            Editable("text", outgoing=False, is_post=True, rights=frozenset({"can_edit_messages"}), age=3 * DAY),
            None,
            "Bad Request: there is no caption in the message to edit",
            None,
            None,
        ),
        (
            Editable("text", outgoing=True, age=400 * DAY),
            None,
            "Bad Request: there is no caption in the message to edit",
            None,
            None,
        ),
    ],
)
def test_what_can_be_edited(
    message: Editable, text: str | None, caption: str | None, media: str | None, markup: str | None
) -> None:
    """`can_edit_message`, MessagesManager.cpp:23054-23160: own messages for ever, no forwards or reply keyboards."""
    assert text_of(text_refusal(message)) == text
    assert text_of(caption_refusal(message)) == caption
    assert text_of(media_refusal(message)) == media
    assert text_of(markup_refusal(message)) == markup


@pytest.mark.parametrize(
    ("message", "copied", "forwarded"),
    [
        (forwarding.Source("text"), True, True),
        (forwarding.Source("pinned_message"), False, False),
        (forwarding.Source("paid_media"), False, True),
        (forwarding.Source("invoice"), False, True),
        (forwarding.Source("giveaway"), False, True),
        (forwarding.Source("giveaway_winners"), False, True),
        (forwarding.Source("poll"), True, True),
        (forwarding.Source("poll", is_unknown_quiz=True), False, True),
        (forwarding.Source("text", is_protected=True), True, False),
    ],
)
def test_what_goes_along(*, message: forwarding.Source, copied: bool, forwarded: bool) -> None:
    """`can_forward_message_content`, MessageContent.cpp:6425-6453, and MessagesManager.cpp:8228-8235 (C8)."""
    assert forwarding.can_forward(message, is_copy=True) is copied
    assert forwarding.can_forward(message, is_copy=False) is forwarded


@pytest.mark.parametrize(
    ("found", "taken", "protected", "copy", "text"),
    [
        ([1, 2], 2, False, True, None),
        ([1, 5, 9], 1, False, False, None),
        ([], 0, False, True, "Bad Request: there are no messages to forward"),
        ([1], 1, True, False, "Bad Request: message has protected content and can't be forwarded"),
        ([1], 1, True, True, None),
        ([2, 1], 2, False, True, "Bad Request: message identifiers must be in a strictly increasing order"),
        ([1, 1], 2, False, True, "Bad Request: message identifiers must be in a strictly increasing order"),
        ([1], 0, False, True, "Bad Request: messages can't be forwarded"),
    ],
)
def test_calls_about_several_messages(
    *, found: list[int], taken: int, protected: bool, copy: bool, text: str | None
) -> None:
    """`get_forwarded_messages`, MessagesManager.cpp:24505-24560; checked on identifiers that were found (C8)."""
    refusal = forwarding.batch_refusal(found, taken=taken, is_chat_protected=protected, is_copy=copy)
    assert text_of(refusal) == text


def test_one_failed_item_fails_the_call() -> None:
    """`on_message_send_failed`, Client.cpp:12588-12612."""
    assert forwarding.partial_failure(2, "MEDIA_EMPTY").description == (
        'Bad Request: failed to send message #2 with the error message "MEDIA_EMPTY"'
    )


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        (["photo", "video", "photo"], None),
        (["audio", "audio"], None),
        (["photo"] * 10, None),
        ([], "Bad Request: there are no messages to send"),
        (["photo"] * 11, "Bad Request: too many messages to send as an album"),
        (["photo", "sticker"], "Bad Request: invalid message content type"),
        (["photo", "document"], "Bad Request: document can't be mixed with other media types"),
        (["audio", "document"], "Bad Request: audio can't be mixed with other media types"),
    ],
)
def test_albums(kinds: list[str], text: str | None) -> None:
    """`check_message_group_message_contents`, MessageContent.cpp:5326-5358."""
    assert text_of(albums.album_refusal(kinds)) == text


PINNER = Standing(True, frozenset({"can_pin_messages"}))


@pytest.mark.parametrize(
    ("chat_type", "kind", "bot", "text"),
    [
        (PRIVATE, "text", Standing(), None),
        (PRIVATE, "pinned_message", Standing(), "Bad Request: service messages can't be pinned"),
        (GROUP, "text", PINNER, None),
        (GROUP, "text", Standing(), "Bad Request: not enough rights to manage pinned messages in the chat"),
        (SUPERGROUP, "text", PINNER, None),
        (CHANNEL, "text", PINNER, "Bad Request: not enough rights to manage pinned messages in the chat"),
        (CHANNEL, "text", Standing(True, frozenset({"can_edit_messages"})), None),
    ],
)
def test_pins(chat_type: str, kind: str, bot: Standing, text: str | None) -> None:
    """`can_pin_messages`, DialogManager.cpp:2899-2924, and `can_pin_message`, MessagesManager.cpp:23205-23221."""
    assert text_of(pinning.pin_refusal(chat_type, kind, bot)) == text


OWN, ALL = frozenset({"can_delete_sent_messages"}), frozenset({"can_delete_all_messages"})


@pytest.mark.parametrize(
    ("rights", "sent_by_bot", "chats", "enabled", "text"),
    [
        (ALL, [True, False], 1, True, None),
        (OWN, [True, True], 1, True, None),
        (OWN, [True, False], 1, True, "Bad Request: BOT_ACCESS_FORBIDDEN"),
        (frozenset[str](), [True], 1, True, "Bad Request: BOT_ACCESS_FORBIDDEN"),
        (ALL, [True, True], 2, True, "Bad Request: MESSAGE_ID_INVALID"),
        (ALL, [True], 1, False, "Bad Request: BUSINESS_CONNECTION_INVALID"),
    ],
)
def test_business_deletions(
    *, rights: frozenset[str], sent_by_bot: list[bool], chats: int, enabled: bool, text: str | None
) -> None:
    """C6: "Parameter can_delete_sent_messages for the bot's own, can_delete_all_messages for any" (DOC)."""
    refusal = business.deletion_refusal(is_enabled=enabled, rights=rights, sent_by_bot=sent_by_bot, chats=chats)
    assert text_of(refusal) == text


def test_business_chats_are_private() -> None:
    """`check_business_connection`, BusinessConnectionManager.cpp:973-984."""
    assert business.peer_refusal(chat_id=5, owner_id=7) is None
    assert text_of(business.peer_refusal(chat_id=-5, owner_id=7)) == "Bad Request: chat must be a private chat"
    assert text_of(business.peer_refusal(chat_id=7, owner_id=7)) == "Bad Request: messages must not be sent to self"


@pytest.mark.parametrize(
    ("chat_type", "kind", "member", "text"),
    [
        (GROUP, "text", True, None),
        (SUPERGROUP, "photo", True, None),
        (PRIVATE, "text", True, "Bad Request: BOT_NOT_ADMIN"),
        (CHANNEL, "text", True, "Bad Request: BOT_NOT_ADMIN"),
        (GROUP, "text", False, "Bad Request: USER_NOT_PARTICIPANT"),
        (GROUP, "dice", True, "Bad Request: MEDIA_INVALID"),
        (GROUP, "poll", True, "Bad Request: MEDIA_INVALID"),
    ],
)
def test_ephemeral_messages(*, chat_type: str, kind: str, member: bool, text: str | None) -> None:
    """C7: groups only; not dice, poll, checklist, game, invoice, paid media (DOC)."""
    assert text_of(ephemeral.sending_refusal(chat_type, kind, receiver_is_member=member)) == text


def test_ephemeral_lifetimes() -> None:
    """C7: `ttl_period = 7*86400` (MessagesManager.cpp:11467); a reply comes within 15 s; identifiers come back."""
    assert not ephemeral.is_expired(timedelta(days=7) - timedelta(seconds=1))
    assert ephemeral.is_expired(timedelta(days=7))
    assert ephemeral.reply_refusal(timedelta(seconds=15), is_ephemeral=True) is None
    missing = "Bad Request: message to be replied not found"
    assert text_of(ephemeral.reply_refusal(timedelta(seconds=16), is_ephemeral=True)) == missing
    assert text_of(ephemeral.reply_refusal(timedelta(), is_ephemeral=False)) == missing
    assert ephemeral.free_identifier(set()) == 1
    assert ephemeral.free_identifier({1, 2, 4}) == 3


@pytest.mark.parametrize(
    ("text", "code", "parameters"),
    [
        ("Too Many Requests: retry after 7", 429, {"retry_after": 7}),
        ("Too Many Requests: retry after 0", 500, {}),
        ("Too Many Requests: retry after 1.5", 500, {}),
        ("FLOOD", 500, {}),
    ],
)
def test_floods_that_do_not_say_how_long(text: str, code: int, parameters: dict[str, int]) -> None:
    """Client.cpp:73-80 (C9): "429 without a parsable N becomes 500"."""
    answer = flood.flood_answer(text)
    assert (answer.code, answer.parameters) == (code, parameters)


@pytest.mark.parametrize(("unsent", "refused"), [(0, False), (309, False), (310, True), (409, True)])
def test_messages_on_their_way_into_a_chat(*, unsent: int, refused: bool) -> None:
    """`yet_unsent_message_count_ ... >= MAX_CONCURRENTLY_SENT_CHAT_MESSAGES`, Client.cpp:16172 (C8)."""
    refusal = flood.unsent_refusal(unsent)
    assert text_of(refusal) == ("Too Many Requests: retry after 60" if refused else None)
    assert refusal is None or refusal.parameters == {"retry_after": 60}


@pytest.mark.parametrize(
    ("method", "active", "updates", "refused"),
    [
        ("sendmessage", 1000, 0, False),
        ("sendmessage", 1001, 0, True),
        ("deletemessages", 1001, 1, False),
        ("deletemessages", 1002, 1, True),
        ("getme", 5000, 0, False),
        ("getupdates", 5000, 0, False),
        ("setwebhook", 5000, 0, False),
        ("getmycommands", 5000, 0, True),
    ],
)
def test_requests_of_a_bot_at_once(*, method: str, active: int, updates: int, refused: bool) -> None:
    """`get_active_request_count() > 1000 + update_per_minute`, but for `is_local_method`; Client.cpp:399, 7970 (C9)."""
    refusal = flood.active_refusal(method, active=active, recent_updates=updates)
    assert text_of(refusal) == ("Too Many Requests: retry after 60" if refused else None)


@pytest.mark.parametrize(
    ("chat_type", "kind", "status", "rights", "blocked", "text"),
    [
        (PRIVATE, "text", "member", frozenset[str](), False, None),
        (PRIVATE, "text", "member", frozenset[str](), True, "Forbidden: bot was blocked by the user"),
        (
            CHANNEL,
            "text",
            "administrator",
            frozenset[str](),
            False,
            "Bad Request: need administrator rights in the channel chat",
        ),
        (CHANNEL, "text", "administrator", frozenset({"can_post_messages"}), False, None),
        (
            SUPERGROUP,
            "text",
            "restricted",
            frozenset[str](),
            False,
            "Bad Request: not enough rights to send text messages to the chat",
        ),
        (
            SUPERGROUP,
            "photo",
            "restricted",
            frozenset({"can_send_messages"}),
            False,
            "Bad Request: not enough rights to send photos to the chat",
        ),
        (SUPERGROUP, "photo", "restricted", frozenset({"can_send_photos"}), False, None),
    ],
)
def test_who_may_write(
    *, chat_type: str, kind: str, status: str, rights: frozenset[str], blocked: bool, text: str | None
) -> None:
    """`can_send_message_to_dialog`, DialogManager.cpp:1509-1535; `USER_IS_BLOCKED`, Client.cpp:133-136."""
    refusal = sending.sending_refusal(chat_type, kind, status=status, rights=rights, is_blocked=blocked)
    assert text_of(refusal) == text


def test_topics() -> None:
    """ForumTopicManager.cpp:512-530 and Client.cpp:8258-8292."""
    manager = frozenset({"can_manage_topics"})

    def made(*, forum: bool = True, rights: frozenset[str] = manager, name: str = "News") -> str | None:
        return text_of(topics.creation_refusal(is_forum=forum, chat_type=SUPERGROUP, rights=rights, name=name))

    assert made() is None
    assert made(forum=False) == "Bad Request: the chat is not a forum"
    assert made(rights=frozenset()) == "Bad Request: not enough rights to create a topic"
    assert made(name=" ") == "Bad Request: name must be non-empty"
    assert topics.thread_refusal(5, is_forum=False, is_known=False) is None
    assert topics.thread_refusal(5, is_forum=True, is_known=True) is None
    for thread in (5, topics.GENERAL_TOPIC_ID):
        refusal = topics.thread_refusal(thread, is_forum=True, is_known=thread == topics.GENERAL_TOPIC_ID)
        assert text_of(refusal) == "Bad Request: message thread not found"
