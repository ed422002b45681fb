"""Files that were sent: kept whole, found by identifier, fetched by path."""

from __future__ import annotations

import hashlib
from typing import Final

from tgslices.testing.arguments import Upload
from tgslices.testing.entities import StoredFile
from tgslices.testing.errors import ApiError, bad_request
from tgslices.testing.world import World

MAX_UPLOAD: Final = 50 * 2**20
"""Bytes of one file. Source: https://core.telegram.org/bots/api#sending-files"""


def keep_file(world: World, upload: Upload) -> StoredFile:
    """Keep an uploaded file; the same bytes under the same name are kept once.

    Raises:
        ApiError: it is too big, or empty.
    """
    if len(upload.data) > MAX_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    if not upload.data:
        raise bad_request("file must be non-empty")
    digest = hashlib.sha256(upload.filename.encode() + b"\0" + upload.data).hexdigest()
    file = StoredFile(f"BQAC{digest[:40]}", f"AQAD{digest[:12]}", upload.filename, upload.content_type, upload.data)
    return world.files.setdefault(file.file_id, file)


def find_file(world: World, reference: str) -> StoredFile:
    """The file that an identifier means; an HTTP URL means an empty file of its name, as nothing is fetched.

    Raises:
        ApiError: nothing was sent under this identifier. Source: tdlib/td ``MessagesManager.cpp:27975``.
    """
    if reference.startswith(("http://", "https://")):
        name = reference.rsplit("/", 1)[-1] or "file"
        digest = hashlib.sha256(reference.encode()).hexdigest()
        file = StoredFile(f"AgAC{digest[:40]}", f"AQAD{digest[:12]}", name, "application/octet-stream", b"")
        return world.files.setdefault(file.file_id, file)
    file_or_none = world.files.get(reference)
    if file_or_none is None:
        raise bad_request("Wrong file identifier/HTTP URL specified")
    return file_or_none


def file_at(world: World, path: str) -> StoredFile | None:
    """The file with this ``file_path``, or None."""
    return next((file for file in world.files.values() if file.path == path), None)
