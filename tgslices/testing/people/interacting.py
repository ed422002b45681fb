"""Deeds of a person besides writing: reactions, votes, inline queries, payments, requests to join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tgslices.testing.actions.inline_results import picked_content, send_result
from tgslices.testing.actions.inquiries import ask, open_web_app, settle_payment
from tgslices.testing.actions.invitations import ask_to_join, follow_link
from tgslices.testing.actions.polls import vote
from tgslices.testing.actions.reactions import set_reactions
from tgslices.testing.people.allowed import CheckedChat
from tgslices.testing.people.seeing import VisibleMessage, inline_rows
from tgslices.testing.state.accounts import BotAccount
from tgslices.testing.state.chats import StoredMessage
from tgslices.testing.state.inquiries import Inquiry
from tgslices.testing.state.settings import InviteLink
from tgslices.testing.wire.json_text import Json

__tracebackhide__ = True  # pytest leaves the frames of this module out

AnyMessage: TypeAlias = StoredMessage | VisibleMessage
"""A message as a person sees it (`VisibleMessage`), or as it is stored, which deeds return."""


def stored_of(message: AnyMessage) -> StoredMessage:
    """The stored message of a visible one."""
    return message.stored if isinstance(message, VisibleMessage) else message


class ChatInteractions(CheckedChat):
    """One chat, with the deeds of a person besides writing. Bots are told as Telegram tells them."""

    async def reacts(self, message: AnyMessage, *emojis: str) -> None:
        """React to a message, in the place of earlier reactions; without an emoji, take them back.

        Bots with ``message_reaction`` among their allowed updates hear of it, in groups and channels as administrators.
        Source: https://core.telegram.org/bots/api#messagereactionupdated

        Raises:
            NotAllowed: the person may not react here.
        """
        await self.does(lambda: self._react(stored_of(message), emojis))

    def _react(self, stored: StoredMessage, emojis: Iterable[str]) -> None:
        self.check_acting("react", "can_react_to_messages")
        reactions = [{"type": "emoji", "emoji": emoji} for emoji in emojis]
        set_reactions(self._world, stored, self.person.json(), reactions)

    async def votes(self, message: AnyMessage, *options: int | str) -> None:
        """Choose these options of a poll, by text or by position from 0 on, in place of those chosen before.

        The bot that sent the poll gets its new counts, and who voted unless the poll is anonymous.

        Raises:
            ValueError: the poll is closed or none, lacks such a position, or takes one answer only.
            AssertionError: no option has this text; the error shows the chat.
            NotAllowed: the person is not in the chat.
        """
        await self.does(lambda: self._vote(stored_of(message), options))

    def _vote(self, stored: StoredMessage, options: Sequence[int | str]) -> None:
        self.check_acting("vote")
        texts = [option["text"] for option in stored.content.get("poll", {}).get("options", ())]
        missing = [option for option in options if isinstance(option, str) and option not in texts]
        if missing:
            raise AssertionError(f"no option {missing[0]!r} among {texts}:\n{self}")
        chosen = [option if isinstance(option, int) else texts.index(option) for option in options]
        vote(self._world, stored, self.person, chosen)

    async def asks_inline(self, bot: BotAccount, query: str = "", *, offset: str = "") -> Inquiry:
        """Send an inline query; the ``results`` of the inquiry are the bot's.

        ``await chat.until(lambda seen: inquiry.is_answered)`` waits for them.
        Source: https://core.telegram.org/bots/api#inlinequery
        """
        chat_type = "sender" if self.chat.bot is bot else self.chat.type
        fields = {"query": query, "offset": offset, "chat_type": chat_type}
        return await self.does(lambda: ask(self._world, self.person, bot, "inline_query", **fields))

    async def picks(self, inquiry: Inquiry, result_id: str | None = None) -> StoredMessage:
        """Send one of the results into this chat, the first unless another is named. The bot is told.

        Raises:
            AssertionError: the bot has not answered, or not with such a result.
            NotAllowed: the person may not send such a message here.
            ApiError: the result makes no message.
        """
        return await self.does(lambda: self._pick(inquiry, result_id))

    def _pick(self, inquiry: Inquiry, result_id: str | None) -> StoredMessage:
        found = [result for result in inquiry.results if result_id in {None, str(result.get("id"))}]
        bot = self._world.bot_by_id(inquiry.bot_id)
        if not found or bot is None:
            there = [str(result.get("id")) for result in inquiry.results]
            wanted = "result" if result_id is None else f"result {result_id!r}"
            raise AssertionError(f"no {wanted} to pick among {there} of the bot's:\n{self}")
        self.check_acting("use inline bots", "can_send_other_messages")
        self.check_writing(picked_content(self._world, found[0])[0])
        return self._send_result(bot, inquiry, found[0])

    def _send_result(self, bot: BotAccount, inquiry: Inquiry, result: Json) -> StoredMessage:
        message = send_result(self._world, self.chat, self.person, bot, result)
        chosen = {"result_id": str(result["id"]), "from": self.person.json(), "query": inquiry.payload["query"]}
        if message.inline_id is not None:
            chosen["inline_message_id"] = message.inline_id
        bot.updates.put("chosen_inline_result", chosen, queue_key=self.person.id)
        return message

    async def opens_web_app(self, text: str | None = None) -> Inquiry:
        """Open the Web App of the newest visible inline button with this caption, in the private chat with a bot.

        The bot is not told: its page at ``url`` sends it the ``init_data`` of the inquiry, which names its ``id`` for
        ``answerWebAppQuery``.
        Source: https://core.telegram.org/bots/webapps#webappinitdata (``query_id``)

        Raises:
            AssertionError: there is no such button; the text shows the chat.
        """
        for message in reversed(self.stored()):
            bot = self._world.bot_by_id(message.bot_id)
            for button in (button for row in inline_rows(message) for button in row):
                app = button.get("web_app")
                if bot is not None and isinstance(app, dict) and text in {None, button["text"]}:
                    return open_web_app(self._world, self.person, bot, str(app["url"]))
        raise AssertionError(f"no visible button of a Web App{'' if text is None else f' {text!r}'}:\n{self}")

    async def checks_out(self, message: AnyMessage | None = None) -> Inquiry:
        """Press the button that pays an invoice, the newest visible one unless another is named.

        The bot gets the pre-checkout query. The inquiry's ``is_agreed`` and ``answer`` hold its answer.

        Raises:
            AssertionError: there is no invoice of a bot; the error shows the chat.
        """
        return await self.does(lambda: self._check_out(message))

    def _check_out(self, message: AnyMessage | None) -> Inquiry:
        shown = reversed(self.stored()) if message is None else [stored_of(message)]
        found = next((candidate for candidate in shown if candidate.kind == "invoice"), None)
        bot = self._world.bot_by_id(found.sender_id) if found is not None else None
        if found is None or bot is None:
            raise AssertionError(f"there is no invoice of a bot to pay:\n{self}")
        invoice = found.content["invoice"]
        asked = {name: invoice[name] for name in ("currency", "total_amount")}
        asked["invoice_payload"] = found.invoice_payload
        return ask(self._world, self.person, bot, "pre_checkout_query", **asked)

    async def pays(self, message: AnyMessage | None = None, *, timeout: float = 5.0) -> StoredMessage:  # noqa: ASYNC109
        """Pay an invoice, the newest visible one unless another is named, and return the receipt.

        Waits up to ``timeout`` seconds of real time for the bot to agree. The receipt, a ``successful_payment``, stands
        in the private chat with the bot.

        Raises:
            AssertionError: there is no invoice, or the bot refused or did not answer in time.
        """
        inquiry = await self.checks_out(message)
        await self.until(lambda view: inquiry.is_answered, timeout=timeout)
        if not inquiry.is_agreed:
            raise AssertionError(f"the bot refused the payment: {(inquiry.answer or {}).get('error_message')}\n{self}")
        return await self.does(lambda: settle_payment(self._world, inquiry))

    async def asks_to_join(self) -> None:
        """Ask to join this group or channel. Bots with the right to invite hear of it.

        Source: https://core.telegram.org/bots/api#chatjoinrequest

        Raises:
            NotAllowed: the person is inside already, or banned.
        """
        await self.does(self._ask_to_join)

    def _ask_to_join(self) -> None:
        self.check_asking_to_join()
        ask_to_join(self._world, self.chat, self.person)

    async def joins(self, link: str) -> None:
        """Come into this group or channel by an invitation link, or ask to if the link is for requests.

        Raises:
            NotAllowed: the link was revoked or has had its time, or the person is banned.
        """
        await self.does(lambda: self._join(self.chat.settings.links.get(link)))

    def _join(self, link: InviteLink | None) -> None:
        self.check_link(link)
        if link is not None:
            follow_link(self._world, self.chat, self.person, link)
