"""Runs another program's bot unchanged, but that aiogram's default server is that of ``TGSLICES_API``."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from aiogram.client import telegram

ADDRESS = os.environ["TGSLICES_API"]

if __name__ == "__main__":
    server = telegram.PRODUCTION
    object.__setattr__(server, "base", f"{ADDRESS}/bot{{token}}/{{method}}")
    object.__setattr__(server, "file", f"{ADDRESS}/file/bot{{token}}/{{path}}")
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    runpy.run_path(sys.argv[0], run_name="__main__")
