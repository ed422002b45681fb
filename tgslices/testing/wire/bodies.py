"""Arguments in HTTP requests: query string, urlencoded form, JSON and multipart.

The multipart reader takes the whole body at once: a streaming one costs more than the rest of a call. Of arguments
with one name the first counts, and the query string comes first. An unreadable body is refused; the server would use
the part of the JSON that it could read.
Source: https://core.telegram.org/bots/api#making-requests and tdlib/td ``tdnet/td/net/HttpReader.cpp``
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import unquote

from tgslices.testing.errors import ApiError, bad_request, not_encoded
from tgslices.testing.wire.arguments import Arguments, Upload
from tgslices.testing.wire.json_text import first_of_each, read_json

MAX_PARAMETERS: Final = 2**20
"""Bytes of all arguments except files. Source: ``HttpReader.h``, ``MAX_TOTAL_PARAMETERS_LENGTH``."""

_MAX_BOUNDARY: Final = 70
_PARAMETER: Final = re.compile(r';\s*(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))')
_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


def read_arguments(query: str, content_type: str, body: bytes) -> Arguments:
    """All arguments of one request.

    Raises:
        ApiError: the body is too long, no text, or not of the form that ``content_type`` names.
    """
    values = _form_values(query) if query else {}
    if not body:
        return Arguments(values)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data" or kind == "multipart/mixed":
        return read_multipart(content_type, body, values)
    if len(body) > MAX_PARAMETERS:
        raise too_many_parameters()
    text = _decoded(body)
    found = _json_values(text) if kind == "application/json" else _form_values(text)
    return Arguments({**found, **values})


def too_many_parameters() -> ApiError:
    """An error 413 for arguments of more than `MAX_PARAMETERS`."""
    return ApiError(413, "Request Entity Too Large: too many parameters")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise not_encoded() from None


def _form_values(text: str) -> dict[str, str]:
    try:
        text.encode()
        parts = (part.partition("=") for part in text.split("&") if part)
        pairs = [(_unquoted(name), _unquoted(value)) for name, _, value in parts]
    except UnicodeError:
        raise not_encoded() from None
    return first_of_each(pairs)


def _unquoted(text: str) -> str:
    text = text.replace("+", " ")
    return unquote(text, errors="strict") if "%" in text else text


def _json_values(text: str) -> dict[str, str]:
    try:
        data = read_json(text)
    except UnicodeError:
        raise not_encoded() from None
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(data, dict):
        raise bad_request("can't parse JSON object")
    return {name: _as_text(value) for name, value in data.items() if value is not None}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read_multipart(content_type: str, body: bytes, values: dict[str, str] | None = None) -> Arguments:
    """The parts of a multipart body. Parts with a file name are files, the others texts.

    Raises:
        ApiError: the boundary is missing, or a part lacks a header or a name, or its text is none.
    """
    found = _BOUNDARY.search(content_type)
    if found is None or len(found[1]) > _MAX_BOUNDARY or not found[1].isascii():
        raise bad_request("can't find boundary in the multipart Content-Type")
    texts = {} if values is None else values
    files: dict[str, Upload] = {}
    length = 0
    delimiter = b"--" + found[1].encode()
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter)
    for section in sections[1:]:
        if section.startswith(b"--"):
            break
        head, separator, data = section.partition(b"\r\n\r\n")
        if not separator:
            raise bad_request("can't parse multipart form data")
        length += _read_part(head.decode("utf-8", "replace"), data, texts, files)
        if length > MAX_PARAMETERS:
            raise too_many_parameters()
    return Arguments(texts, files)


def _read_part(head: str, data: bytes, texts: dict[str, str], files: dict[str, Upload]) -> int:
    """Add one part, unless an earlier one has its name; returns its length as an argument, 0 for a file."""
    names = {key: quoted or bare for key, quoted, bare in reversed(_PARAMETER.findall(head))}
    name = names.get("name")
    if not name:
        raise bad_request("field name in multipart/form-data not found")
    if "filename" not in names:
        texts.setdefault(name, _decoded(data))
        return len(data)
    kind = "application/octet-stream"
    for line in head.split("\r\n"):
        if line[:13].lower() == "content-type:":
            kind = line[13:].strip()
    files.setdefault(name, Upload(names["filename"], kind, data))
    return 0
