"""Errors of handlers as the author of a bot wants to read them."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final


def _folder(package: str) -> str:
    spec = find_spec(package)
    return str(Path(spec.origin).parent) if spec is not None and spec.origin is not None else package


_LIBRARY: Final = _folder("tgslices")
_AROUND: Final = (_LIBRARY, _folder("aiogram"))


def of_the_bot(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without what led to the bot's own code, and without this library's frames below that.

    The last frame stays, whosesoever it is. A traceback in which the bot has no frame stays whole.
    """
    entries = []
    entry = trace
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    first = next((at for at, found in enumerate(entries) if not _is_in(found, _AROUND)), None)
    if first is None:
        return trace
    kept = [found for found in entries[first:-1] if not _is_in(found, (_LIBRARY,))]
    below: TracebackType | None = None
    for found in reversed([*kept, entries[-1]]):
        below = TracebackType(below, found.tb_frame, found.tb_lasti, found.tb_lineno)
    return below


def _is_in(entry: TracebackType, folders: tuple[str, ...]) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(folders)


def noted(errors: Sequence[Exception]) -> Exception:
    """The first of these errors of handlers, with the others as notes. Its traceback begins in the bot."""
    first, *others = errors
    note(first, others)
    return first


def note(failure: BaseException, errors: Sequence[Exception]) -> None:
    """Note errors of handlers on a failure: a group would hide its kind from ``pytest.raises``."""
    for error in errors:
        failure.add_note("A handler raised:\n" + "".join(traceback.format_exception(error)).rstrip())
