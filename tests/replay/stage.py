"""What a replay needs, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.deletion.scene import Scene
from tgslices import ReplayResult, TrackedMessage
from tgslices.replay.replayer import Replayer
from tgslices.replay.requests import Target
from tgslices.testing import Chat, StoredMessage


@dataclass(slots=True)
class ReplayStage:
    """A scene with a desk."""

    scene: Scene
    desk: Chat

    def texts(self, *texts: str) -> list[TrackedMessage]:
        """Let the bot have written texts to Ann; return their records."""
        chat = self.scene.private_chat()
        return [self.record(self.scene.api.world.store(chat, self.scene.account, "text", {"text": t})) for t in texts]

    def album(self, count: int = 2, *, number: int = 1) -> list[TrackedMessage]:
        """Let the bot have sent an album to Ann; return its records."""
        chat, content = self.scene.private_chat(), {"photo": [PHOTO], "media_group_id": str(number)}
        stored = [self.scene.api.world.store(chat, self.scene.account, "photo", content) for _ in range(count)]
        return [self.record(message, media_group_id=str(number)) for message in stored]

    def other(self, kind: str, content: dict[str, Any], **more: Any) -> TrackedMessage:
        """Let the bot have sent anything to Ann; return its record."""
        chat = self.scene.private_chat()
        return self.record(self.scene.api.world.store(chat, self.scene.account, kind, content), **more)

    def record(self, message: StoredMessage, **more: Any) -> TrackedMessage:
        """Return what would have been tracked of a message."""
        return self.scene.record(message, **more)

    def replayer(self, *, patience: timedelta = timedelta(seconds=30)) -> Replayer:
        """Return a replayer whose waits move the clock."""
        executor = self.scene.executor(patience=patience)
        return Replayer(self.scene.bot, executor.pacing, executor.patience)

    async def replay(
        self,
        entries: Iterable[TrackedMessage],
        *,
        to: int | str | None = None,
        exact: bool = True,
        forward: bool = False,
        thread_id: int | None = None,
        patience: timedelta = timedelta(seconds=30),
    ) -> ReplayResult:
        """Replay entries to the desk, unless told otherwise. Each of them stands in exactly one collection."""
        target, entries = Target(self.desk.id if to is None else to, thread_id, forward), list(entries)
        result = await self.replayer(patience=patience).replay(entries, target, exact=exact)
        told = [*result.copied, *result.unpaired, *result.skipped, *result.unknown, *result.left]
        assert (len(told), set(told)) == (len(set(entries)), set(entries))
        assert all((result.reason(entry) is None) is (entry in result.copied) for entry in entries)
        return result

    def copies(self) -> list[StoredMessage]:
        """Return what stands at the desk, in order, but for notices."""
        messages = self.desk.index.get(self.desk.view_key(self.scene.account.id), {})
        return [message for _, message in sorted(messages.items()) if message.kind in {"text", "photo", "poll"}]

    def copied_texts(self) -> list[str]:
        """Return the texts at the desk, in order."""
        return [message.content.get("text", message.kind) for message in self.copies()]

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.scene.api.requests)


PHOTO = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
