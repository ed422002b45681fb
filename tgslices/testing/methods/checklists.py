"""Checklists, which bots send for business accounts.

Source: https://core.telegram.org/bots/api#sendchecklist and https://core.telegram.org/bots/api#editmessagechecklist
"""

from __future__ import annotations

from typing import Any, Final

from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.methods.editing import apply, find_target, new_content, read_new_buttons, with_markup
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.methods.outgoing import send
from tgslices.testing.rules.editing import Editable, can_edit
from tgslices.testing.text import marked_text
from tgslices.testing.text.formatted import formatted
from tgslices.testing.wire.arguments import Arguments
from tgslices.testing.wire.fields import text_field
from tgslices.testing.wire.json_text import Json

MAX_TASKS: Final = 30
"""Source: https://core.telegram.org/bots/api#inputchecklist"""


def read_checklist(arguments: Arguments) -> Json:
    """The ``Checklist``.

    Raises:
        ApiError: it has no title or no tasks, or two tasks of one number.
    """
    given = arguments.json("checklist", "input checklist")
    if not isinstance(given, dict):
        raise bad_request("expected an Object of type InputChecklist")
    tasks = given.get("tasks")
    if not isinstance(tasks, list) or not 0 < len(tasks) <= MAX_TASKS:
        raise bad_request("there must be 1-30 tasks in the checklist")
    checklist: Json = {**_text(given, "title"), "tasks": [_task(task) for task in tasks]}
    if len({task["id"] for task in checklist["tasks"]}) < len(tasks):
        raise bad_request("checklist tasks must have different identifiers")
    for name in ("others_can_add_tasks", "others_can_mark_tasks_as_done"):
        if given.get(name):
            checklist[name] = True
    return checklist


def _task(given: Any) -> Json:
    if not isinstance(given, dict) or type(given.get("id")) is not int:
        raise bad_request("expected an Object of type InputChecklistTask")
    return {"id": given["id"], **_text(given, "text")}


def _text(given: Json, name: str) -> Json:
    marked = marked_text(text_field(given, name), text_field(given, "parse_mode"), given.get(f"{name}_entities"))
    text, entities = formatted(*marked)
    return {name: text, f"{name}_entities": entities} if entities else {name: text}


def send_checklist(call: Call) -> Json:
    """Send a checklist for a business account. Other chats have none."""
    checklist = read_checklist(call.arguments)
    if not call.arguments.text("business_connection_id"):
        raise bad_request("Business connection not found")
    return send(call, "checklist", {"checklist": checklist})


def _refusal(message: Editable) -> ApiError | None:
    if can_edit(message) and message.kind == "checklist":
        return None
    return bad_request("Message can't be edited")


def edit_message_checklist(call: Call) -> Json | bool:
    """Replace a checklist."""
    changes: Json = {"checklist": read_checklist(call.arguments)}
    target = find_target(call, _refusal)
    inline = read_new_buttons(call, target)
    return apply(call, target, new_content(target.message, with_markup(changes, inline), ("checklist",)))


METHODS: Final[dict[str, Method]] = {
    "sendChecklist": send_checklist,
    "editMessageChecklist": edit_message_checklist,
}
