"""What a bot may answer an inline query with."""

from typing import Any

import pytest

from tgslices.testing.rules.inline_results import check_button, check_result, identifiers_refusal, parameter_refusal
from tgslices.testing.wire.fields import FieldError

TEXT = {"input_message_content": {"message_text": "x"}}


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        ({"type": "article", "id": "1", "title": "a", **TEXT}, None),
        ({"type": "ARTICLE", "id": "1", "title": "a", "message_text": "x"}, None),
        ({"type": "photo", "id": "1", "photo_url": "https://example.org/a.jpg"}, None),
        ({"type": "document", "id": "1", "title": "a", "document_file_id": "x"}, None),
        ("x", "Inline query result must be an object"),
        ({"id": "1"}, 'Can\'t find field "type"'),
        ({"type": "article", "title": "a", **TEXT}, 'Can\'t find field "id"'),
        ({"type": "article", "id": "1", **TEXT}, 'Can\'t find field "title"'),
        ({"type": "article", "id": "1", "title": "a"}, 'Can\'t find field "message_text"'),
        ({"type": "poll", "id": "1"}, 'type "poll" is unsupported for the inline query result'),
        ({"type": "photo", "id": "1"}, 'Can\'t find field "photo_file_id"'),
        ({"type": "video", "id": "1", "title": "a", "video_url": "https://a.b"}, 'Can\'t find field "mime_type"'),
        ({"type": "contact", "id": "1", "phone_number": "1"}, 'Can\'t find field "first_name"'),
    ],
)
def test_a_result_has_what_its_type_must_have(result: Any, cause: str | None) -> None:
    """`Client.cpp:10304-10575`."""
    if cause is None:
        assert check_result(result) == result
        return
    with pytest.raises(FieldError) as caught:
        check_result(result)
    assert caught.value.cause == cause


@pytest.mark.parametrize(
    ("identifiers", "refused"),
    [
        (["1", "2"], None),
        (["1", "1"], "RESULT_ID_DUPLICATE"),
        (["1", ""], "RESULT_ID_EMPTY"),
        (["ä" * 33], "RESULT_ID_INVALID"),
    ],
)
def test_identifiers_are_short_and_different(identifiers: list[str], refused: str | None) -> None:
    refusal = identifiers_refusal(identifiers)
    assert (None if refusal is None else refusal.description) == (refused and f"Bad Request: {refused}")


@pytest.mark.parametrize(
    ("button", "cause"),
    [
        ({"text": "a", "start_parameter": "b"}, None),
        ({"text": "a", "web_app": {"url": "https://example.org"}}, None),
        ([], "InlineQueryResultsButton must be an Object"),
        ({"start_parameter": "b"}, 'Can\'t find field "text"'),
        ({"text": "a"}, "InlineQueryResultsButton must have exactly one optional field"),
        ({"text": "a", "web_app": {}}, 'Can\'t find field "url"'),
    ],
)
def test_a_button_above_the_results_starts_the_bot_or_opens_its_app(button: Any, cause: str | None) -> None:
    """`Client.cpp:10196-10221`."""
    if cause is None:
        check_button(button)
        return
    with pytest.raises(FieldError) as caught:
        check_button(button)
    assert caught.value.cause == cause


@pytest.mark.parametrize(
    ("parameter", "refused"),
    [
        ("a-B_9", None),
        ("", "can't use empty start_parameter"),
        ("x" * 65, "too long start_parameter specified"),
        ("a b", "unallowed characters in start_parameter are used"),
    ],
)
def test_the_parameter_of_a_button_is_a_short_word(parameter: str, refused: str | None) -> None:
    """`InlineQueriesManager.cpp:711-720`."""
    refusal = parameter_refusal(parameter)
    assert (None if refusal is None else refusal.description) == (refused and f"Bad Request: {refused}")
