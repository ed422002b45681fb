"""Hints why a bot did not do what a test waits for. Pure, from what the emulator knows of the bots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tgslices.testing.state.accounts import BotAccount


def hints(bots: Iterable[BotAccount]) -> str:
    """What stands out about these bots, a line each, and each after a line break; empty for nothing."""
    return "".join(f"\n{hint}" for bot in bots for hint in _of(bot))


def _of(bot: BotAccount) -> Iterator[str]:
    name, handling, waiting = bot.username, bot.handling, len(bot.updates.pending)
    if waiting and bot.webhook is not None:
        yield f"{name}: its webhook has not accepted {waiting} of its updates."
    elif waiting and not handling.is_listening:
        yield f"{name} fetches no updates; waiting: {waiting}. Start its dispatcher: await run(dispatcher)."
    if handling.at_work:
        yield f"{name}: handlers are still at work on {', '.join(handling.at_work.values())}."
    if handling.untaken:
        yield f"{name}: no handler took {', '.join(handling.untaken)}."
    if bot.updates.unasked:
        kinds = ", ".join(sorted(bot.updates.unasked))
        yield f"{name} was not told of {kinds}: it gets the kinds that its dispatcher had handlers for when it began."
