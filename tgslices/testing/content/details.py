"""Messages without a text in words: a title and lines for each. Pure.

A test may plant any content. Content that cannot be read is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.wire.json_text import Json


@dataclass(frozen=True, slots=True)
class Detail:
    """A title and further lines, empty texts left out."""

    title: str
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " · ".join(part for part in (self.title, *self.lines) if part)


def detail_of(message: StoredMessage) -> Detail | None:
    """The detail of a poll, place, contact, file and so on; None for texts and unknown kinds."""
    describe = _DETAILS.get(message.kind)
    if describe is None:
        return None
    field: Any = message.content.get(message.kind)
    try:
        return describe(field if isinstance(field, dict) else {})
    except (AttributeError, LookupError, TypeError):
        return Detail(not_showable(message.kind))


def in_words(kind: str) -> str:
    """A kind of message in words."""
    return kind.replace("_", " ")


def not_showable(kind: str) -> str:
    """The words for a message whose content makes no sense."""
    return f"{in_words(kind)} (cannot be shown)"


def as_text(value: Any) -> str:
    """A text, or a number as text; ``""`` for any other value."""
    return str(value) if isinstance(value, str | int | float) else ""


def _text(fields: Json, *names: str) -> str:
    return " ".join(filter(None, (as_text(fields.get(name)) for name in names)))


def _dice(dice: Json) -> Detail:
    return Detail(_text(dice, "emoji", "value"))


def _poll(poll: Json) -> Detail:
    options = [option for option in poll.get("options") or () if isinstance(option, dict)]
    state = "quiz" if poll.get("type") == "quiz" else ""
    state = f"{state} closed".strip() if poll.get("is_closed") else state
    lines = [f"{_text(option, 'text')}: {_text(option, 'voter_count') or 0}" for option in options]
    return Detail(_text(poll, "question"), (*lines, *([f"({state})"] if state else [])))


def _contact(contact: Json) -> Detail:
    return Detail(_text(contact, "first_name", "last_name"), (_text(contact, "phone_number"),))


def _location(place: Json) -> Detail:
    live = f"live for {_text(place, 'live_period')} s" if place.get("live_period") else ""
    return Detail("Location", tuple(filter(None, (f"{_text(place, 'latitude')}, {_text(place, 'longitude')}", live))))


def _venue(venue: Json) -> Detail:
    return Detail(_text(venue, "title"), (_text(venue, "address"),))


def _checklist(checklist: Json) -> Detail:
    tasks = [task for task in checklist.get("tasks") or () if isinstance(task, dict)]
    done = [bool(task.get("completed_by_user") or task.get("completion_date")) for task in tasks]
    lines = [f"{'☑' if is_done else '☐'} {_text(task, 'text')}" for task, is_done in zip(tasks, done, strict=True)]
    return Detail(_text(checklist, "title"), tuple(lines))


def _invoice(invoice: Json) -> Detail:
    return Detail(_text(invoice, "title"), (_text(invoice, "description"), _text(invoice, "total_amount", "currency")))


def _game(game: Json) -> Detail:
    title, description = _text(game, "title"), _text(game, "description")
    return Detail(title, () if description == title else (description,))


def _paid_media(paid: Json) -> Detail:
    kinds = [_text(item, "type") for item in paid.get("paid_media") or () if isinstance(item, dict)]
    return Detail(f"{_text(paid, 'star_count') or 0} ⭐", (", ".join(kinds),))


def _story(story: Json) -> Detail:
    chat: Json = story.get("chat") or {}
    whose = _text(chat, "first_name") or _text(chat, "title")
    return Detail(f"of {whose}" if whose else "", (f"number {_text(story, 'id')}",) if "id" in story else ())


def _giveaway(giveaway: Json) -> Detail:
    return Detail("Giveaway", (f"{_text(giveaway, 'winner_count') or 0} winners", _text(giveaway, "prize_description")))


def _named_file(file: Json) -> Detail:
    return Detail(_text(file, "file_name") or _text(file, "performer", "title"))


def _sticker(sticker: Json) -> Detail:
    return Detail(_text(sticker, "emoji"))


_DETAILS: Final[dict[str, Callable[[Json], Detail]]] = {
    "dice": _dice,
    "poll": _poll,
    "contact": _contact,
    "location": _location,
    "venue": _venue,
    "checklist": _checklist,
    "invoice": _invoice,
    "game": _game,
    "paid_media": _paid_media,
    "story": _story,
    "giveaway": _giveaway,
    "giveaway_winners": _giveaway,
    "sticker": _sticker,
    **dict.fromkeys(("document", "audio", "video", "animation"), _named_file),
}
