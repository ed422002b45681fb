"""Locations, live ones included, and venues.

Source: https://core.telegram.org/bots/api#sendlocation ff. and tdlib/telegram-bot-api ``Client.cpp:11410-11470,
13060-13230``.
"""

from __future__ import annotations

import math
from typing import Final

from tgslices.testing.errors import ApiError, bad_request, check
from tgslices.testing.methods.editing import Target, apply, find_target, new_content, read_new_buttons
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.editing import Editable, can_edit
from tgslices.testing.rules.locations import FOREVER, MAX_ACCURACY, live_location_refusal
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.json_text import Json


def read_location(arguments: Arguments) -> Json:
    """The ``Location``.

    Raises:
        ApiError: a coordinate is missing, or there is no such place. Source: tdlib/td ``Location.cpp:166``.
    """
    location: Json = {}
    for name, limit in (("latitude", 90), ("longitude", 180)):
        if not arguments.text(name).strip():
            raise bad_request(f"{name} is empty")
        location[name] = arguments.decimal(name)
        if not abs(location[name]) <= limit:  # which NaN is not, either
            raise bad_request("Invalid location specified")
    accuracy = arguments.decimal("horizontal_accuracy")
    if math.isfinite(accuracy) and accuracy > 0:
        location["horizontal_accuracy"] = min(accuracy, MAX_ACCURACY)
    return location


def read_live(arguments: Arguments, *, is_edit: bool = False) -> Json:
    """The further fields of a live ``Location``; empty for one that is not live and does not become so.

    Raises:
        ApiError: the period, the direction or the distance is out of bounds.
    """
    named = ("live_period", "heading", "proximity_alert_radius")
    period, heading, radius = (arguments.integer(name) for name in named)
    if period == 0 and not is_edit:
        return {}
    check(live_location_refusal(period, heading, radius, is_edit=is_edit))
    return {name: number for name, number in zip(named, (period, heading, radius), strict=True) if number}


def send_location(call: Call) -> Json:
    """Send a location."""
    return send(call, "location", {"location": read_location(call.arguments) | read_live(call.arguments)})


def send_venue(call: Call) -> Json:
    """Send a venue."""
    location = read_location(call.arguments)
    venue: Json = {
        "location": location,
        "title": call.arguments.text("title"),
        "address": call.arguments.text("address"),
    }
    for name in ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type"):
        if text := call.arguments.text(name):
            venue[name] = text
    return send(call, "venue", {"venue": venue, "location": location})


def _refusal(message: Editable) -> ApiError | None:
    if can_edit(message, only_markup=True) and message.kind == "location":
        return None
    return bad_request("Message can't be edited")


def _find_live(call: Call) -> Target:
    target = find_target(call, _refusal)
    period = target.message.content["location"].get("live_period", 0)
    age = call.world.clock.unix_time() - target.message.date
    if period == 0 or (period != FOREVER and age >= period):
        raise bad_request("Message can't be edited")
    return target


def _changed(call: Call, target: Target, location: Json) -> Json | bool:
    inline = read_new_buttons(call, target)
    changes: Json = {"location": location}
    if inline is not None:
        changes["reply_markup"] = inline
    return apply(call, target, new_content(target.message, changes, ("location",)))


def edit_message_live_location(call: Call) -> Json | bool:
    """Move a live location before it ends. A new ``live_period`` replaces the old one."""
    location = read_location(call.arguments) | read_live(call.arguments, is_edit=True)
    target = _find_live(call)
    location.setdefault("live_period", target.message.content["location"]["live_period"])
    return _changed(call, target, location)


def stop_message_live_location(call: Call) -> Json | bool:
    """End a live location at its present place."""
    target = _find_live(call)
    location = {name: target.message.content["location"][name] for name in ("latitude", "longitude")}
    return _changed(call, target, location)


METHODS: Final[dict[str, Method]] = {
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "editMessageLiveLocation": edit_message_live_location,
    "stopMessageLiveLocation": stop_message_live_location,
}
