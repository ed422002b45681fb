"""The command line: ``python -m tgslices --help``."""

import sys

from tgslices.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
