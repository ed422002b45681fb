"""What the customer does: an order with a detour, and a question to support beside it."""

from __future__ import annotations

from examples.order_flow.rehearsal.customer import Customer
from examples.order_flow.rehearsal.verdict import Part

ADDRESS = "12 Harbour Road"


async def begin(customer: Customer) -> None:
    """Order, as far as the address."""
    await customer.says("/order")
    await customer.taps("Pizza", then="Which size?")
    await customer.taps("Large", then="Where to?")


async def hesitate(customer: Customer) -> None:
    """Order again, and stop in the middle of it."""
    await customer.says("/order")
    await customer.taps("Pizza", then="Which size?")


async def dither(customer: Customer, lines: int) -> None:
    """Start over and think better of it, many times."""
    for _ in range(lines):
        await customer.says("/start")
        await customer.taps("Go on", then="Where to?")


async def ask_support(customer: Customer) -> None:
    """Ask support something in the middle of it."""
    prompt = await customer.says("/support", Part.SUPPORT)
    await customer.says("Do you deliver after ten?", Part.SUPPORT, reply_to=prompt)


async def confirm(customer: Customer) -> None:
    """Interrupt the order once more, go on, and place it."""
    await customer.says("/start")
    await customer.taps("Go on", then="Shall we?")
    await customer.taps("Order it", then="On its way")


async def close_case(customer: Customer) -> None:
    """Tell support that it helped, and see that its slice held what was said to it, and nothing else."""
    kept = customer.count(Part.SUPPORT)
    await customer.taps("That helped", then=f"Case closed; its {kept} messages stay here.")
