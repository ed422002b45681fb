"""The command line: ``python -m tgslices --help``."""

import gc
import sys
from io import TextIOWrapper

from tgslices.commands.main import main

ALLOCATIONS = 100_000


def run() -> int:
    """Run the command in a process of its own; return the exit code."""
    gc.set_threshold(ALLOCATIONS)  # loading modules leaves no garbage, and looking for some takes its time
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None where it is closed
            stream.reconfigure(errors="backslashreplace")
    code = main()
    gc.freeze()  # the process is about to end, and would look at each object once more before
    return code


if __name__ == "__main__":
    sys.exit(run())
