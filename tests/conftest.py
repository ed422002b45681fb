"""What holds for every test: no deadline on a shared machine, all of its cores, and nothing is skipped in CI."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import Final

import pytest
from hypothesis import settings

settings.register_profile("tgslices", deadline=None)  # a busy machine is no defect; each test has its timeout
settings.load_profile("tgslices")

MAX_PROCESSES: Final = 4
"""Each starts a PostgreSQL and a browser of its own."""

USUAL_TIMEOUT: Final = 120
"""In seconds; a test that has more is a long one, and so is a group of tests that one process runs."""

IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}


def pytest_configure(config: pytest.Config) -> None:
    # To compile what is imported takes seconds for each process, and where its place must stay clean, there is another.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(config.rootpath / ".pytest_cache" / "compiled")
        sys.dont_write_bytecode = False
    # pytest-asyncio before 1.4 asks for the current loop. Unless it was told that there is none, Python then makes one,
    # which nobody closes.
    asyncio.set_event_loop(None)
    # What runs in a shell's background is started deaf to interrupts, and so would be every program that a test starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_long(item: pytest.Item) -> bool:
    if item.get_closest_marker("xdist_group") is not None:
        return True
    timeout = item.get_closest_marker("timeout")
    return timeout is not None and timeout.args[0] > USUAL_TIMEOUT


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Otherwise a process that draws a test of a minute at the end leaves all other cores idle.
    items.sort(key=lambda item: not _is_long(item))


def pytest_collection_finish() -> None:
    # Thousands of tests and all modules are looked at by each full collection, and by each test that asks for one.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run everything on every core, and a part that is named in this process, where a debugger and ``-s`` work.

    Tests wait now and then, for processes and for browsers: one process more than there are cores works meanwhile.
    """
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return min((os.cpu_count() or 1) + 1, MAX_PROCESSES)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", ())) if reporter else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    if IN_CI and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if IN_CI and (count := _skipped(config)):
        terminalreporter.write_line(f"{count} skipped, which is a failure in CI: a test runs or is deleted", red=True)
