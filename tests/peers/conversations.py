"""What a person does in each example of aiogram and aiogram_dialog, and what must come of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp

from tests.peers.walking import Step, Walk, does, explores, presses, says, taps, walk_through

OTHER_TOKEN: Final = "43:another"


@dataclass(frozen=True, slots=True)
class Example:
    """One example: what a person does there.

    ``is_snippet`` is one without a program: it ends by itself and well. ``needs`` names what else must be there.
    ``errors`` are words in the log that the example itself writes there as errors.
    """

    steps: tuple[Step, ...] = ()
    arguments: tuple[str, ...] = ()
    needs: str = ""
    errors: tuple[str, ...] = ()
    is_snippet: bool = False


async def _edits(walk: Walk) -> None:
    sent = await walk.chat.types("tpyo")
    await walk.chat.edits(sent, "typo")


async def _comes_in(walk: Walk) -> None:
    ben = walk.api.add_person("Ben")
    team = walk.api.add_supergroup("Team", members=[walk.person], admins=[walk.account])
    walk.api.join(team, ben)
    await walk.person.view(team).until(lambda seen: "from left to member" in str(seen))


async def _blocks_and_comes_back(walk: Walk) -> None:
    walk.person.blocks(walk.account)
    walk.person.unblocks(walk.account)


async def _opens_the_web_app(walk: Walk) -> None:
    """Open the page, let it check who opened it, and send by its button, as its script does."""
    opened = await walk.chat.opens_web_app("Open Webview")
    assert opened.url == "https://shop.example/demo", opened.url
    async with aiohttp.ClientSession("http://127.0.0.1:8081", headers={"Host": "shop.example"}) as page:
        async with page.get("/demo") as shown:
            assert "Telegram.WebApp.initData" in await shown.text()
        async with page.post("/demo/checkData", data={"_auth": opened.init_data}) as checked:
            assert await checked.json() == {"ok": True}
        data = {"_auth": opened.init_data, "msg_id": "", "with_webview": "1"}
        async with page.post("/demo/sendMessage", data=data) as sent:
            assert await sent.json() == {"ok": True}


async def _talks_to_the_other(walk: Walk) -> None:
    """The second bot of the example for several, which has the form of the one with a state machine."""
    other = walk.api.world.bots[OTHER_TOKEN]
    there = Walk(walk.api, other, walk.person, walk.person.private_chat(other))
    await walk_through(there, FORM)
    walk.lost = there.lost


async def _is_met_in_business(walk: Walk) -> None:
    """A customer says /start to a person whose account the bot is connected to."""
    owner = walk.api.add_person("Olga")
    walk.api.connect_business(owner, walk.account, can_reply=True, can_read_messages=True)
    chat = walk.person.business_chat(owner)
    there = Walk(walk.api, walk.account, walk.person, chat)
    await walk_through(there, (says("/start", "["),))
    walk.lost = there.lost


FORM: Final = (
    says("/start", "What's your name?"),
    says("Ann", "Did you like to write bots?"),
    says("perhaps", "I don't understand you"),
    presses("Yes", "What programming language"),
    says("Python", "you like to write bots with Python"),
    says("/start", "What's your name?"),
    says("Ben", "Did you like"),
    presses("No", "you don't like to write bots"),
    says("/start", "What's your name?"),
    says("/cancel", "Cancelled."),
)
_PLACE: Final = {"location": {"latitude": 1.0, "longitude": 2.0}}
ECHO: Final = (
    says("/start", "Hello, Ann"),
    says("good day", "good day"),
    does("sends a photo", lambda walk: walk.chat.sends_file("photo", caption="me"), "example_bot: <photo>"),
    does("sends a document", lambda walk: walk.chat.sends_file("document"), "example_bot: <document>"),
    does("sends a place", lambda walk: walk.chat.sends("location", _PLACE), "example_bot: <location>"),
    does("pins", lambda walk: walk.chat.pins(walk.newest("text")), "Nice try!"),
)
AIOGRAM: Final = {
    "context_addition_from_filter.py": Example(is_snippet=True),
    "echo_bot.py": Example(ECHO),
    "echo_bot_webhook.py": Example(ECHO),
    "echo_bot_webhook_ssl.py": Example(ECHO),
    "error_handling.py": Example(
        (
            says("/age 7", "Your age is 7"),
            says("/age x", "Error caught: InvalidAge('Age should be a number')"),
            says("/age", "No age provided"),
            says("/name Ann", "Your name is Ann"),
            says("/name"),
        ),
        errors=("Error caught: InvalidAge", "Error `Invalid` caught: InvalidName"),
    ),
    "finite_state_machine.py": Example(FORM),
    "multi_file_bot/bot.py": Example(ECHO),
    "multibot.py": Example(
        (
            says(f"/add {OTHER_TOKEN}", "successful added"),
            says("/add 44:nobody", "Invalid token"),
            does("talks to the other bot", _talks_to_the_other),
        ),
        needs="aiogram before 3.7",
    ),
    "own_filter.py": Example(is_snippet=True),
    "quiz_scene.py": Example(
        (
            says("/start", "use the /quiz command"),
            says("/quiz", "What is the capital of France?"),
            does("sends a photo", lambda walk: walk.chat.sends_file(), "Please select an answer."),
            presses("Paris", "capital of Spain"),
            presses("Back", "capital of France"),
            presses("London", "capital of Spain"),
            presses("Madrid", "capital of Germany"),
            presses("Berlin", "capital of England"),
            presses("London", "capital of Italy"),
            presses("Rome", "Correct: 4"),
            says("/quiz", "What is the capital of France?"),
            presses("Exit", "Incorrect: 5"),
        )
    ),
    "scene.py": Example(
        (
            says("hello", "You can also start demo"),
            says("/demo", "Demo started"),
            taps("Go to form", "What's your name?"),
            says("Ann", "Did you like to write bots?"),
            presses("Back", "I don't understand you"),
            presses("Yes", "What language do you prefer?"),
            says("Python", "you like to write bots with Python"),
            says("demo", "What's your name?"),
            says("Ben", "Nice to meet you, Ben"),
            presses("No", "See you soon."),
        )
    ),
    "specify_updates.py": Example(
        (
            says("/start", "Hello, Ann"),
            taps("Tap me, bro", "Yeah good, now I'm fine"),
            does("edits", _edits, "Message was edited"),
            does("lets somebody into a group", _comes_in),
        )
    ),
    "stars_invoice.py": Example(
        (
            says("/start", "Demo invoice"),
            does("pays", lambda walk: walk.chat.pays(), "Your payment has been refunded."),
        )
    ),
    "web_app/main.py": Example(
        (
            says("/start", "Send me any type of message"),
            says("hello", "Test webview"),
            says("/webview", "[Open Webview]"),
            does("opens the web app", _opens_the_web_app, "Hello, World!"),
        )
    ),
    "without_dispatcher.py": Example(
        (does("waits", lambda walk: asyncio.sleep(0), "Hello, World!"),),
        arguments=("--token", "{token}", "--chat-id", "{chat}"),
    ),
}

START: Final = says("/start")

DIALOG: Final = {
    "custom_media_url.py": Example(
        (
            says("/start", "Custom image"),
            taps("Next", "Another custom image"),
            taps("Next", "Normal image"),
            taps("Back", "Another custom image"),
        ),
        needs="a font called FreeSans.ttf or arial.ttf",
    ),
    "i18n/bot.py": Example((says("/start", "Hello and welcome"), taps("Click me"), taps("Close"))),
    "input_media_group.py": Example(
        (
            says("/start", "Send media"),
            does("sends a photo", lambda walk: walk.chat.sends_file(data=b"one"), "Delete photo #1"),
            does("sends another", lambda walk: walk.chat.sends_file(data=b"two"), "[2]"),
            taps("2", "Delete photo #2"),
            taps("Delete photo #2", "Delete photo #1"),
            taps("Delete photo #1", "Send media"),
        )
    ),
    "launch_modes.py": Example((says("/start", "This is main menu"), taps("Product", "This is product"), explores(25))),
    "list_group.py": Example(
        (
            says("/start", "please check you options"),
            taps("apple", "✓ apple"),
            taps("black", "🔘 black"),
            explores(20),
        )
    ),
    "loading.py": Example(
        (
            says("/start", "Press button to start processing"),
            taps("Start", "Your click is processing"),
            does("waits", lambda walk: asyncio.sleep(6)),
            does("waits on", lambda walk: asyncio.sleep(5), "Press button to start processing"),
        )
    ),
    "mega/bot.py": Example(
        (
            says("/start", "This is aiogram-dialog demo application"),
            taps("Layout widgets", "Different keyboard layouts"),
            taps("Row", "inside `Row`"),
            taps("Back", "Different keyboard layouts"),
            taps("Main menu", "demo application"),
            taps("Scrolling", "Scrolling variant demo"),
            taps("StubScroll", "You are at page 1"),
            taps("3", "You are at page 3"),
            taps("Back", "Scrolling variant demo"),
            taps("Main menu", "demo application"),
            taps("Date and time", "Select configuration"),
            taps("Customized calendar", "No dates selected"),
            taps("15", "Selected: "),
            taps("Back", "Select configuration"),
            taps("Main menu", "demo application"),
            taps("Link Preview", "Current mode is:"),
            taps("disable", "is_disabled=True"),
            taps("Back", "Default"),
            taps("Main menu", "demo application"),
            taps("Reply keyboard", "Reply keyboard with multiple widgets"),
            presses("Checkbox", "Reply keyboard with multiple widgets"),
            presses("Main menu", "demo application"),
            explores(160),
            says("/start", "demo application"),
            does("meets the bot in a business chat", _is_met_in_business),
        )
    ),
    "multistack.py": Example(
        (
            says("/start", "Clicked: 0"),
            taps("Click me", "Clicked: 1"),
            taps("Start new stack", "Clicked: 0"),
            taps("Apple", "✓ Apple"),
            does("replies", lambda walk: walk.chat.types("Ann", reply_to=walk.newest("text")), "Nice to meet you, Ann"),
            does("meets the bot in a business chat", _is_met_in_business),
        )
    ),
    "scrolls.py": Example(
        (
            says("/start", "Scrolling variant demo"),
            taps("Default Pager", "legacy mode"),
            taps("Product 2", "✓ Product 2"),
            taps("Main menu", "Scrolling variant demo"),
            explores(60),
        )
    ),
    "simple.py": Example(
        (
            says("/start", "introduce yourself"),
            does("sends a photo", lambda walk: walk.chat.sends_file(), "Text is expected"),
            says("Ann", "Ann! How old are you?"),
            taps("25-40", "Hope you are not smoking"),
            taps("Back", "How old are you?"),
            taps("0-12", "Thank you for your answers"),
            taps("Finish", "To start again click /start"),
        ),
        needs="a Redis on its usual port",
    ),
    "subdialog.py": Example(
        (
            says("/start", "Hello, unknown person"),
            taps("Enter name", "What is your name?"),
            says("Ann", "Your name is `Ann`"),
            taps("No", "What is your name?"),
            says("Ben", "Your name is `Ben`"),
            taps("Yes", "Hello, Ben"),
            taps("Reset name", "Hello, unknown person"),
        ),
        needs="Graphviz",
    ),
    "wizard.py": Example(
        (
            says("/start", "Введите название"),
            says("Tea", "Введите описание"),
            says("green", "Выберите опции"),
            taps("Розовый", "✓ Розовый"),
            taps("Далее", "Название: Tea"),
            taps("Изменить описание", "Введите описание"),
            taps("Отменить", "Описание: green"),
        )
    ),
}
