"""The command line: ``python -m tgslices --help``."""

import gc
import sys

from tgslices.commands.main import main

ALLOCATIONS = 100_000


def run() -> int:
    """Run the command in a process of its own, which lives for a moment; return the exit code.

    Loading modules makes nothing that a garbage collection would find, and a fifth of the time went into looking.
    """
    gc.set_threshold(ALLOCATIONS)
    return main()


if __name__ == "__main__":
    sys.exit(run())
