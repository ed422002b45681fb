"""An open tab, kept up to date: it gets a whole snapshot once, and then what changes of it, as it changes."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Final

from aiohttp import WSMsgType, web

from tgslices.testing.content.wording import printable
from tgslices.testing.http.call_log import CallLog
from tgslices.testing.page.handler_reports import HandlerReports
from tgslices.testing.page.inspector import Inspector
from tgslices.testing.page.snapshot import Snapshot, difference, snapshot
from tgslices.testing.page.switches import Switches, clock_snapshot
from tgslices.testing.state.world import World
from tgslices.testing.wire.json_text import Json

GATHER_FOR: Final = timedelta(milliseconds=15)
"""How long changes are gathered before a tab hears of them: many come at once."""

READ_AGAIN_AFTER: Final = timedelta(milliseconds=250)
"""After the last change the sessions are read once more: a handler writes down some things after its last call."""

ASK_EVERY: Final = timedelta(milliseconds=700)
"""How often the sessions are read while somebody looks at them: another process may change them, and tells nobody."""


class Snapshots:
    """Snapshots of all that a tab can show."""

    def __init__(
        self, world: World, log: CallLog, switches: Switches, inspector: Inspector, reports: HandlerReports
    ) -> None:
        self.world = world
        self.inspector = inspector
        self._log = log
        self._reports = reports
        self._switches = switches

    async def take(self) -> Snapshot:
        """A new snapshot."""
        sessions = await self.inspector.read()
        return {
            **snapshot(self.world, self._log),
            **dict(self._reports.snapshot()),
            **self._switches.snapshot(),
            "clock:": clock_snapshot(self.world.clock, time.time()),
            **sessions,
        }


class Tab:
    """One browser tab on the other end of a WebSocket."""

    def __init__(self, snapshots: Snapshots, socket: web.WebSocketResponse) -> None:
        self._snapshots = snapshots
        self._socket = socket
        self._sent: Snapshot = {}
        self._is_watching = False

    async def keep_up(self) -> None:
        """Send until the tab is closed."""
        changes = self._snapshots.world.changes
        listener = asyncio.create_task(self._listen())
        try:
            while not listener.done():
                count = changes.count
                is_news = await self._send()
                if not await self._wait(listener, count, self._patience(is_news=is_news)):
                    continue
                await asyncio.sleep(GATHER_FOR.total_seconds())
        except ConnectionError:
            pass  # closed while something was on its way
        finally:
            listener.cancel()
            await asyncio.wait([listener])

    async def _send(self) -> bool:
        new = await self._snapshots.take()
        patch = difference(self._sent, new)
        if patch is not None:
            self._sent = new
            await self._socket.send_str(written(patch))
        return patch is not None

    def _patience(self, *, is_news: bool) -> timedelta | None:
        if not self._snapshots.inspector.has_sources:
            return None
        if self._is_watching:
            return ASK_EVERY
        return READ_AGAIN_AFTER if is_news else None

    async def _wait(self, listener: asyncio.Task[None], count: int, patience: timedelta | None) -> bool:
        """Wait for a change of the world, for the end of the patience, or for the tab to close; True for a change."""
        changes = self._snapshots.world.changes
        change = asyncio.create_task(changes.until(lambda: changes.count != count))
        timeout = None if patience is None else patience.total_seconds()
        try:
            await asyncio.wait([change, listener], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            return change.done()
        finally:
            change.cancel()

    async def _listen(self) -> None:
        """Hear whether somebody looks at the sessions; ends when the tab is closed."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self._is_watching = message.data == "watching"
                self._snapshots.world.changes.notify()


def written(patch: Json) -> str:
    """A patch as it is sent: JSON that every browser reads, whatever a test has planted."""
    return printable(json.dumps(patch, ensure_ascii=False, separators=(",", ":")))
