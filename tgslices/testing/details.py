"""What a message without a text of its own says: pure, from what the server stores to a title and lines.

Content that a test has planted may lack anything, so nothing is taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tgslices.testing.accounts import Json
from tgslices.testing.entities import StoredMessage


@dataclass(frozen=True, slots=True)
class Detail:
    """A title and further lines, empty texts left out."""

    title: str
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        """All in one line."""
        return " · ".join(part for part in (self.title, *self.lines) if part)


def detail_of(message: StoredMessage) -> Detail | None:
    """What a poll, a place, a person, a file ... says; None for texts and for kinds that nothing is known of."""
    describe = _DETAILS.get(message.kind)
    if describe is None:
        return None
    field: Any = message.content.get(message.kind)
    return describe(field if isinstance(field, dict) else {})


def spoken(kind: str) -> str:
    """A kind of message in words."""
    return kind.replace("_", " ")


def _text(fields: Json, *names: str) -> str:
    return " ".join(str(fields[name]) for name in names if fields.get(name) not in (None, ""))


def _dice(dice: Json) -> Detail:
    return Detail(_text(dice, "emoji", "value"))


def _poll(poll: Json) -> Detail:
    options = [option for option in poll.get("options") or () if isinstance(option, dict)]
    state = "quiz" if poll.get("type") == "quiz" else ""
    state = f"{state} closed".strip() if poll.get("is_closed") else state
    lines = [f"{_text(option, 'text')}: {option.get('voter_count', 0)}" for option in options]
    return Detail(_text(poll, "question"), (*lines, *([f"({state})"] if state else [])))


def _contact(contact: Json) -> Detail:
    return Detail(_text(contact, "first_name", "last_name"), (_text(contact, "phone_number"),))


def _location(place: Json) -> Detail:
    live = f"live for {place['live_period']} s" if place.get("live_period") else ""
    return Detail("Location", tuple(filter(None, (f"{place.get('latitude')}, {place.get('longitude')}", live))))


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
    kinds = [str(item.get("type")) for item in paid.get("paid_media") or () if isinstance(item, dict)]
    return Detail(f"{paid.get('star_count', 0)} ⭐", (", ".join(kinds),))


def _story(story: Json) -> Detail:
    chat: Json = story.get("chat") or {}
    whose = _text(chat, "first_name") or _text(chat, "title")
    return Detail(f"of {whose}" if whose else "", (f"number {story['id']}",) if "id" in story else ())


def _giveaway(giveaway: Json) -> Detail:
    return Detail("Giveaway", (f"{giveaway.get('winner_count', 0)} winners", _text(giveaway, "prize_description")))


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
