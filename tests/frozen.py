"""What was imported is no garbage: a process that is forked later neither looks through it nor copies its pages."""

from __future__ import annotations

import gc

gc.collect()
gc.freeze()
