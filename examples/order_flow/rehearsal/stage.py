"""What every rehearsal needs: the emulator with a bot and a customer, and the words for what happened."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from examples.order_flow.rehearsal.customer import Customer
from examples.order_flow.rehearsal.verdict import Part, complaints
from tgslices.testing import ApiRequest, BotAccount, BotApi

MOST_LINES: Final = 20
"""Of a longer chat only the beginning and the end are printed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An emulator on a loopback port, the bot's account there, and its customer."""

    api: BotApi
    account: BotAccount
    customer: Customer

    def show(self, title: str) -> None:
        """Print the chat as the customer sees it."""
        head, *lines = str(self.customer.chat).splitlines()
        if len(lines) > MOST_LINES:
            half = MOST_LINES // 2
            lines[half:-half] = [f"       ({len(lines) - 2 * half} more lines)"]
        print(f"{title}\n", head, *lines, sep="\n", end="\n\n")

    def deletions(self) -> list[ApiRequest]:
        """The calls that asked for deletions, in order, answered or not."""
        return [request for request in self.api.requests if request.method in {"deleteMessages", "deleteMessage"}]

    def complaints(self) -> list[str]:
        """What is wrong with the chat as it is now, and with what the bot asked for; ``[]`` if all is well."""
        # getUpdates does not count: the poll of a killed process is refused as soon as the next process polls.
        refused = [request for request in self.api.requests if request.description and request.method != "getUpdates"]
        return [
            *complaints(self.customer.said, self.customer.visible()),
            *(f"Refused by the server: {request.method}, {request.description}" for request in refused),
        ]

    def judge(self) -> int:
        """Print the verdict, and return the exit code."""
        wrong = self.complaints()
        if wrong:
            print("The rehearsal failed.", *wrong, sep="\n", file=sys.stderr)
            return 1
        kept = sum(self.customer.count(part) for part in (Part.SUPPORT, Part.REST))
        print(f"All {self.customer.count(Part.ORDER)} messages of the order are gone; the {kept} others are there.")
        return 0


@asynccontextmanager
async def set_up() -> AsyncIterator[Stage]:
    """Listen on a loopback port, with a bot and a customer; stop at the end."""
    async with BotApi() as api:
        account = api.add_bot("order_flow_bot", first_name="Order bot")
        yield Stage(api, account, Customer(api.add_person("Ann").private_chat(account)))


def ids_in(requests: list[ApiRequest]) -> int:
    """How many message ids some requests carried."""
    return sum(len(request.arguments.get("message_ids", [0])) for request in requests)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 request``, ``2 requests``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
