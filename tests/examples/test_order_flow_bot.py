"""What the example's bot does with customers who do not follow the script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from examples.order_flow.bot import make_bot, make_dispatcher
from examples.order_flow.menus import LONGEST_ADDRESS
from examples.order_flow.rehearsal import script
from examples.order_flow.rehearsal.customer import PATIENCE, Customer
from examples.order_flow.rehearsal.verdict import Part, complaints
from tgslices import ClearResult, MemorySessionStorage
from tgslices.testing import BotApi

pytestmark = pytest.mark.asyncio(loop_scope="module")

DROPPED = "Your order is dropped. I have tidied up after us."


class Shop:
    """The emulator with one running bot: the routers can only be included once in a process."""

    def __init__(self, api: BotApi) -> None:
        self.api = api
        self.account = api.add_bot("order_flow_bot", first_name="Order bot")
        self.wipes: asyncio.Queue[ClearResult] = asyncio.Queue()

    def customer(self, name: str = "Ann") -> Customer:
        return Customer(self.api.add_person(name).private_chat(self.account))

    async def wiped(self) -> ClearResult:
        return await asyncio.wait_for(self.wipes.get(), PATIENCE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[Shop]:
    async with BotApi() as api:
        shop = Shop(api)
        bot = make_bot(shop.account.token, api.url)
        dispatcher = make_dispatcher(bot, MemorySessionStorage(), on_wiped=shop.wipes.put_nowait)
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
        yield shop
        await dispatcher.stop_polling()
        await polling
        assert bot.sessions.is_idle()


async def leaves(customer: Customer, shop: Shop) -> None:
    """Cancel, and see that the order alone is gone."""
    farewell = await customer.says("/cancel", answered_in=Part.REST)
    assert farewell.text == DROPPED
    assert await shop.wiped() == customer.count(Part.ORDER)
    assert complaints(customer.said, customer.visible()) == []


async def test_cancel_wipes_the_order_and_only_that(shop: Shop) -> None:
    customer = shop.customer()
    await customer.says("/start", Part.REST)
    await script.begin(customer)
    await script.ask_support(customer)
    await leaves(customer, shop)
    await script.close_case(customer)


@pytest.mark.parametrize("command", ["/start", "/order"])
async def test_an_interrupted_order_goes_on_where_it_was(shop: Shop, command: str) -> None:
    customer = shop.customer()
    await script.begin(customer)
    question = await customer.says(command)
    assert question.text == "You are in the middle of an order (large pizza). Go on with it, or drop it?"
    assert question.buttons == (("Go on", "Drop it"),)
    await customer.taps("Go on", then="Where to?")
    assert customer.chat.texts()[-1] == "One large pizza. Where to? Type the address."
    await leaves(customer, shop)


async def test_a_start_in_the_middle_tells_what_else_is_open(shop: Shop) -> None:
    customer = shop.customer()
    await script.begin(customer)
    await script.ask_support(customer)
    question = await customer.says("/start")
    also = "Your support conversation is open, too."
    assert question.text == f"You are in the middle of an order (large pizza). {also} Go on with it, or drop it?"
    await script.close_case(customer)
    await leaves(customer, shop)


async def test_an_interrupted_order_is_dropped_on_demand(shop: Shop) -> None:
    customer = shop.customer()
    await script.begin(customer)
    await customer.says("/start")
    await customer.taps("Drop it", then=DROPPED)
    await customer.is_answered(Part.REST)
    assert await shop.wiped() == 4
    assert customer.chat.texts() == [DROPPED]


async def test_done_waits_for_the_confirmation(shop: Shop) -> None:
    customer = shop.customer()
    await script.begin(customer)
    answer = await customer.says("/done")
    assert answer.text == "Nothing is ordered yet. Finish the form above, or /cancel."
    await leaves(customer, shop)


async def test_a_changed_order_begins_again_in_the_same_slice(shop: Shop) -> None:
    customer = shop.customer()
    await script.begin(customer)
    await customer.says(script.ADDRESS)
    await customer.taps("Change it", then="What would you like?")
    await customer.taps("Salad", then="One salad. Which size?")
    await customer.taps("Small", then="One small salad. Where to?")
    await leaves(customer, shop)


async def test_an_address_that_is_too_long_is_asked_for_again(shop: Shop) -> None:
    customer = shop.customer()
    await script.begin(customer)
    answer = await customer.says("x" * (LONGEST_ADDRESS + 1))
    assert answer.text == f"Please keep the address under {LONGEST_ADDRESS} characters."
    answer = await customer.says("x" * LONGEST_ADDRESS)
    assert answer.text.endswith("Shall we?")
    await leaves(customer, shop)


async def test_something_else_repeats_the_question(shop: Shop) -> None:
    customer = shop.customer()
    menu = await customer.says("/order")
    again = await customer.says("the usual, please")
    assert (again.text, again.buttons) == (menu.text, menu.buttons)
    await leaves(customer, shop)


async def test_a_button_that_has_had_its_time_says_so(shop: Shop) -> None:
    customer = shop.customer()
    await customer.says("/order")
    await customer.says("/start")
    await customer.taps("Go on", then="What would you like?")
    await customer.taps("Pizza", then="Which size?")
    tap = await customer.chat.taps("Pizza")
    await customer.chat.until(lambda _: tap.is_answered)
    assert tap.answer == "This button has had its time."
    await leaves(customer, shop)


async def test_without_an_order_there_is_nothing_to_end(shop: Shop) -> None:
    customer = shop.customer()
    for command in ("/done", "/cancel"):
        answer = await customer.says(command, Part.REST)
        assert answer.text == "There is no order to end. /order starts one."
    await customer.says("/order")
    await leaves(customer, shop)


async def test_a_second_order_leaves_the_first_farewell_alone(shop: Shop) -> None:
    customer = shop.customer()
    for _ in range(2):
        await script.begin(customer)
        before = customer.count(Part.ORDER)
        await customer.says("/cancel", answered_in=Part.REST)
        assert await shop.wiped() == 3, before
    assert customer.chat.texts() == [DROPPED, DROPPED]


async def test_support_keeps_what_was_said_to_it_and_nothing_else(shop: Shop) -> None:
    customer = shop.customer()
    await script.ask_support(customer)
    await script.begin(customer)
    await customer.says(script.ADDRESS)
    await customer.taps("That helped", then="Case closed; its 4 messages stay here.")
    await leaves(customer, shop)


async def test_customers_do_not_touch_each_other(shop: Shop) -> None:
    ann, bob = shop.customer("Ann"), shop.customer("Bob")
    await asyncio.gather(script.begin(ann), script.begin(bob))
    await leaves(ann, shop)
    assert len(bob.left_of(Part.ORDER)) == 2
    await leaves(bob, shop)


async def test_what_telegram_does_not_let_go_is_named(shop: Shop) -> None:
    customer = shop.customer()
    shop.api.clock.move(-timedelta(hours=49))
    await script.begin(customer)
    shop.api.clock.move(timedelta(hours=49))
    await customer.types("/cancel")
    result = await shop.wiped()
    assert (len(result.expired), len(result.accepted)) == (2, 1)
    await customer.chat.until(
        lambda chat: (
            chat.texts()
            == [
                "/order",
                "One large pizza. Where to? Type the address.",
                DROPPED,
                "Telegram does not let me remove 2 old messages; you may.",
            ]
        )
    )
