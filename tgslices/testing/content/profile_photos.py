"""Photos of profiles, as bots upload them."""

from __future__ import annotations

from typing import Any

from tgslices.testing.content.files import keep_file
from tgslices.testing.errors import bad_request
from tgslices.testing.state.files import StoredFile
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Arguments


def uploaded_profile_photo(world: World, arguments: Arguments) -> StoredFile:
    """Keep the photo or animation that a call uploads for a profile.

    Raises:
        ApiError: the call gives none, or not as a file. Source: https://core.telegram.org/bots/api#inputprofilephoto
    """
    given: Any = arguments.json("photo", "input profile photo")
    kind = str(given.get("type")) if isinstance(given, dict) else ""
    if kind not in {"static", "animated"}:
        raise bad_request("profile photo isn't specified")
    upload = arguments.attached(str(given.get("photo" if kind == "static" else "animation") or ""))
    if upload is None:
        raise bad_request("profile photo must be uploaded as a file")
    return keep_file(world, upload, "photo")
