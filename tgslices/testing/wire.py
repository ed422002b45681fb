"""HTTP bodies to arguments: query string, urlencoded form, JSON and multipart.

The multipart reader takes the whole body at once: a streaming one costs more than everything else that a call does.
Source: https://core.telegram.org/bots/api#making-requests
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import parse_qsl

from tgslices.testing.arguments import Arguments, Upload
from tgslices.testing.errors import bad_request

_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"')
_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


def read_arguments(query: str, content_type: str, body: bytes) -> Arguments:
    """All arguments of one request; those of the body win over those of the query string.

    Raises:
        ApiError: the body does not have the form that ``content_type`` promises.
    """
    values = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    if not body:
        return Arguments(values)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data" or kind == "multipart/mixed":
        return read_multipart(content_type, body, values)
    if kind == "application/json":
        values.update(_json_values(body))
    else:
        values.update(parse_qsl(_decoded(body), keep_blank_values=True))
    return Arguments(values)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _json_values(body: bytes) -> dict[str, str]:
    try:
        data = json.loads(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(data, dict):
        raise bad_request("can't parse JSON object")
    return {name: _as_text(value) for name, value in data.items() if value is not None}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read_multipart(content_type: str, body: bytes, values: dict[str, str] | None = None) -> Arguments:
    """The parts of a multipart body: those with a file name are files, the others texts.

    Raises:
        ApiError: there is no boundary, or a part without a header.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise bad_request("can't find boundary in the multipart Content-Type")
    texts = {} if values is None else values
    files: dict[str, Upload] = {}
    delimiter = b"--" + found[1].encode()
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter)
    for section in sections[1:]:
        if section.startswith(b"--"):
            break
        head, separator, data = section.partition(b"\r\n\r\n")
        if not separator:
            raise bad_request("can't parse multipart form data")
        _read_part(head.decode("utf-8", "replace"), data, texts, files)
    return Arguments(texts, files)


def _read_part(head: str, data: bytes, texts: dict[str, str], files: dict[str, Upload]) -> None:
    names = dict(_PARAMETER.findall(head))
    name = names.get("name", "")
    if "filename" in names:
        kind = "application/octet-stream"
        for line in head.split("\r\n"):
            if line[:13].lower() == "content-type:":
                kind = line[13:].strip()
        files[name] = Upload(names["filename"], kind, data)
    else:
        texts[name] = _decoded(data)
