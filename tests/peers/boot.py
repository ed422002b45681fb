"""Runs another program's bot unchanged, but that aiogram's default server is that of ``TGSLICES_API``.

Files that it has in ``/path/to/`` are taken from the folder ``TGSLICES_PATH_TO``.
"""

from __future__ import annotations

import builtins
import os
import runpy
import ssl
import sys
from pathlib import Path
from typing import Any

ADDRESS = os.environ["TGSLICES_API"]
FOLDER = os.environ.get("TGSLICES_PATH_TO", "/path/to")
OPEN, LOAD = builtins.open, ssl.SSLContext.load_cert_chain


def _there(path: Any) -> Any:
    return path.replace("/path/to", FOLDER) if isinstance(path, str) else path


def _opened(path: Any, *args: Any, **options: Any) -> Any:
    return OPEN(_there(path), *args, **options)


def _loaded(context: ssl.SSLContext, certificate: str, key: str | None = None) -> None:
    LOAD(context, _there(certificate), _there(key))


if __name__ == "__main__":
    builtins.open = _opened  # type: ignore[assignment]
    ssl.SSLContext.load_cert_chain = _loaded  # type: ignore[method-assign, assignment]
    from aiogram.client import telegram  # which keeps the function that opens files

    server = telegram.PRODUCTION
    object.__setattr__(server, "base", f"{ADDRESS}/bot{{token}}/{{method}}")
    object.__setattr__(server, "file", f"{ADDRESS}/file/bot{{token}}/{{path}}")
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    runpy.run_path(sys.argv[0], run_name="__main__")
