"""Files that were sent, found by identifier or path."""

from __future__ import annotations

import hashlib

from tgslices.testing.errors import bad_request, check
from tgslices.testing.rules.files import type_refusal, upload_refusal
from tgslices.testing.state.files import SMALL, StoredFile
from tgslices.testing.state.world import World
from tgslices.testing.wire.arguments import Upload


def keep_file(world: World, upload: Upload, kind: str = "document") -> StoredFile:
    """Keep a file for a message of this kind. Every upload has its own ``file_id``, equal bytes one ``file_unique_id``.

    Raises:
        ApiError: the file is empty, or too big for the kind.
    """
    check(upload_refusal(len(upload.data), kind))
    digest = hashlib.sha256(upload.data).hexdigest()
    file_id = f"BQAC{digest[:32]}{world.next_serial():08}"
    file = StoredFile(file_id, f"AQAD{digest[:12]}", upload.filename, upload.content_type, upload.data, kind)
    world.files[file_id] = file
    return file


def find_file(world: World, reference: str, kind: str = "document") -> StoredFile:
    """The file that an identifier means. An HTTP URL means an empty file of its name, because nothing is fetched.

    Raises:
        ApiError: nothing was sent under this identifier, or not as such a ``kind``. Source: tdlib/td
            ``MessagesManager.cpp:27975``.
    """
    if reference.startswith(("http://", "https://")):
        name = reference.rsplit("/", 1)[-1] or "file"
        digest = hashlib.sha256(reference.encode()).hexdigest()
        file = StoredFile(f"AgAC{digest[:40]}", f"AQAD{digest[:12]}", name, "application/octet-stream", b"", kind)
        return world.files.setdefault(file.file_id, file)
    file_or_none = known_file(world, reference)
    if file_or_none is None:
        raise bad_request("Wrong file identifier/HTTP URL specified")
    check(type_refusal(file_or_none.kind, kind))
    return file_or_none


def known_file(world: World, file_id: str) -> StoredFile | None:
    """The file with this identifier, or the picture of which it is the small size; None if there is none."""
    return world.files.get(file_id) or world.files.get(file_id.removesuffix(SMALL))


def given_file(world: World, upload: Upload | None, reference: str, kind: str = "document") -> StoredFile:
    """The file that a call gives: the upload, if there is one, or the file that the reference means.

    Raises:
        ApiError: the upload is empty or too big for the kind, or the reference means no such file.
    """
    return find_file(world, reference, kind) if upload is None else keep_file(world, upload, kind)


def file_at(world: World, path: str) -> StoredFile | None:
    """The file with this ``file_path``, or None."""
    return next((file for file in world.files.values() if file.path == path), None)
