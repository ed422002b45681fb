"""Files on their way to a bot."""

from __future__ import annotations

from typing import Final

from tgslices.testing.content.files import known_file
from tgslices.testing.errors import bad_request, check
from tgslices.testing.methods.method import Call, Method
from tgslices.testing.rules.files import download_refusal
from tgslices.testing.wire.json_text import Json


def get_file(call: Call) -> Json:
    """The ``File`` with its path for a download.

    Source: https://core.telegram.org/bots/api#getfile and tdlib/telegram-bot-api ``Client.cpp:8366, 8719``
    """
    reference = call.arguments.text("file_id")
    if not reference:
        raise bad_request("file_id not specified")
    file = known_file(call.world, reference)
    if file is None:
        raise bad_request("invalid file_id")
    check(download_refusal(len(file.data)))
    shown = file.json() if reference == file.file_id else file.sizes((1, 1), (1, 1))[0]
    return {name: shown[name] for name in ("file_id", "file_unique_id", "file_size")} | {"file_path": file.path}


METHODS: Final[dict[str, Method]] = {"getFile": get_file}
