"""What a durable storage must tell of the sessions that are open."""

# ruff: noqa: S101, D102 - these are tests, and their names are sentences

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from tgslices.errors import ConfigurationError
from tgslices.model import Gone, IfClosed, SessionKey
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.ending_protocol import Due
from tgslices.storage.listing_protocol import FEW, ListedPage, ListedSession, SessionFilter, SessionOrder
from tgslices.testing.contract.samples import KEY, MINUTE, NOW, OTHER_KEYS, STRINGS, sent
from tgslices.testing.contract.upkeep import IN_PRIVATE, UpkeepContract

BOT = KEY.bot_id
OF_BOT: Final = (KEY, *OTHER_KEYS[1:])


class ListingContract(UpkeepContract):
    """Tests of listing sessions page by page."""

    async def page(self, storage: Any, where: SessionFilter | None = None, limit: int = 100, **more: Any) -> ListedPage:
        page = await storage.list_sessions(BOT, where or SessionFilter(), limit=limit, **more)
        assert isinstance(page, ListedPage)
        return page

    async def every_page(
        self, storage: Any, where: SessionFilter | None = None, *, limit: int, **more: Any
    ) -> list[SessionKey]:
        keys: list[SessionKey] = []
        page = await self.page(storage, where, limit, **more)
        while True:
            keys += [session.key for session in page.sessions]
            if page.after is None:
                return keys
            page = await self.page(storage, where, limit, after=page.after, **more)

    async def open_each(self, storage: Any, keys: tuple[SessionKey, ...], *, apart: timedelta = MINUTE) -> None:
        for number, key in enumerate(keys):
            await storage.open(key, at=NOW + number * apart)

    # What is told

    async def test_an_open_session_is_listed_with_what_it_did(self, storage: Any) -> None:
        assert await self.page(storage) == ListedPage((), None)
        await storage.open(KEY, at=NOW)
        [session] = (await self.page(storage)).sessions
        assert session == ListedSession(KEY, NOW, NOW, 0, None, None)
        await storage.record(IN_PRIVATE, sent(1, date=NOW - MINUTE, at=NOW + MINUTE))
        await storage.record(IN_PRIVATE, sent(2, date=None, at=NOW + 3 * MINUTE))
        [session] = (await self.page(storage)).sessions
        assert session == ListedSession(KEY, NOW, NOW + 3 * MINUTE, 2, NOW - MINUTE, None)
        await storage.remove(KEY, [sent(1)])
        await storage.discard(BOT, Gone(7, frozenset({2})), surely=False)
        [session] = (await self.page(storage)).sessions
        assert session == ListedSession(KEY, NOW, NOW + 3 * MINUTE, 0, None, None)

    async def test_a_change_of_data_is_told_and_so_is_when_a_session_is_due(self, storage: Any) -> None:
        await storage.open(KEY, at=NOW, due=Due(NOW + 5 * MINUTE, NOW + 9 * MINUTE))
        past = StoredData('"a"', 1, NOW + 2 * MINUTE, expires_at=NOW + 3 * MINUTE)
        await storage.put_data(KEY, {"form": past})
        [session] = (await self.page(storage)).sessions
        assert session == ListedSession(KEY, NOW, NOW + 2 * MINUTE, 0, None, NOW + 5 * MINUTE)

    async def test_what_is_not_open_is_not_listed(self, storage: Any) -> None:
        await storage.add(KEY, sent(1))
        for key, end in ((OTHER_KEYS[1], storage.unsubscribe), (OTHER_KEYS[2], self.closing(storage))):
            await storage.add(key, sent(1), if_closed=IfClosed.OPEN)
            assert len((await self.page(storage)).sessions) == 1
            await end(key)
            assert (await self.page(storage)).sessions == ()
        assert await storage.count_sessions(BOT) == 0

    def closing(self, storage: Any) -> Any:
        async def close(key: SessionKey) -> None:
            await storage.close(key, at=NOW)

        return close

    async def test_sessions_are_listed_in_the_order_in_which_they_were_opened(self, storage: Any) -> None:
        await storage.open(OTHER_KEYS[0], at=NOW)
        await self.open_each(storage, OF_BOT)
        assert await self.every_page(storage, limit=100) == [*OF_BOT]
        assert await storage.count_sessions(BOT) == len(OF_BOT)
        assert await storage.count_sessions(43) == 1
        await storage.close(OF_BOT[3], at=NOW)
        await storage.open(OF_BOT[3], at=NOW + 99 * MINUTE)
        assert await self.every_page(storage, limit=100) == [*OF_BOT[:3], *OF_BOT[4:], OF_BOT[3]]

    async def test_the_sessions_of_given_keys_are_told_in_their_order(self, storage: Any) -> None:
        await self.open_each(storage, OF_BOT[:5])
        await storage.add(OF_BOT[2], sent(1))
        told = await storage.look_at_sessions([OF_BOT[4], OF_BOT[7], OF_BOT[2]])
        assert [(session.key, session.entries) for session in told] == [(OF_BOT[4], 0), (OF_BOT[2], 1)]
        assert await storage.look_at_sessions([]) == []

    async def test_keys_of_any_text_come_back_as_they_were(self, storage: Any) -> None:
        keys = tuple(replace(KEY, qualifier=text, business_connection_id=text) for text in STRINGS)
        await self.open_each(storage, keys)
        assert await self.every_page(storage, limit=4) == [*keys]
        for key in keys:
            where = SessionFilter(qualifiers=frozenset({key.qualifier}))
            assert await self.every_page(storage, where, limit=4) == [key]

    async def test_a_session_that_moves_with_its_chat_keeps_its_place(self, storage: Any) -> None:
        keys = tuple(replace(KEY, chat_id=-number) for number in (7, 8, 9))
        await self.open_each(storage, keys)
        await storage.migrate(BOT, -8, -1008)
        assert await self.every_page(storage, limit=2) == [keys[0], replace(KEY, chat_id=-1008), keys[2]]
        await storage.migrate(BOT, -7, -9)
        assert sorted(await self.every_page(storage, limit=2), key=str) == sorted(
            [replace(KEY, chat_id=-1008), keys[2]], key=str
        )
        assert await storage.count_sessions(BOT) == 2

    # Pages

    @pytest.mark.parametrize("apart", [MINUTE, timedelta(0)], ids=["one after the other", "at one time"])
    @pytest.mark.parametrize("limit", [1, 3, 12])
    async def test_pages_have_every_session_once(self, storage: Any, apart: timedelta, limit: int) -> None:
        await self.open_each(storage, OF_BOT, apart=apart)
        keys = await self.every_page(storage, limit=limit)
        assert len(keys) == len(OF_BOT)
        assert {*keys} == {*OF_BOT}
        page = await self.page(storage, limit=len(OF_BOT))
        assert page.after is None

    @pytest.mark.parametrize("apart", [MINUTE, timedelta(0)], ids=["one after the other", "at one time"])
    async def test_what_stays_open_is_listed_once_while_others_open_and_close(
        self, storage: Any, apart: timedelta
    ) -> None:
        staying = tuple(replace(KEY, qualifier=f"stays {number}") for number in range(12))
        going = tuple(replace(KEY, qualifier=f"goes {number}") for number in range(12))
        for pair in zip(staying, going, strict=True):
            await self.open_each(storage, pair, apart=apart)
        listed: list[SessionKey] = []
        after, number = None, 0
        while True:
            page = await self.page(storage, limit=3, after=after)
            listed += [session.key for session in page.sessions]
            if (after := page.after) is None:
                break
            # What the page ended with goes, and so does what the next one would begin with; others come.
            await storage.close(listed[-1], at=NOW) if listed[-1] in going else None
            await storage.close(going[number], at=NOW)
            await storage.unsubscribe(going[-1 - number])
            await storage.open(replace(KEY, qualifier=f"comes {number}"), at=NOW + number * apart)
            number = min(number + 1, len(going) - 1)
        assert [key for key in sorted(listed, key=str) if key in staying] == sorted(staying, key=str)
        assert len(listed) == len({*listed})

    async def test_a_page_goes_on_behind_a_session_that_was_opened_anew(self, storage: Any) -> None:
        await self.open_each(storage, OF_BOT[:4])
        page = await self.page(storage, limit=2)
        for key in OF_BOT[:2]:
            await storage.close(key, at=NOW)
            await storage.open(key, at=NOW + 60 * MINUTE)
        rest = await self.page(storage, limit=9, after=page.after)
        assert [session.key for session in rest.sessions] == [OF_BOT[2], OF_BOT[3], OF_BOT[0], OF_BOT[1]]

    @pytest.mark.parametrize("after", ["", "x", "1.x", "1x.2", "🧾"])
    async def test_a_page_that_begins_nowhere_is_refused(self, storage: Any, after: str) -> None:
        with pytest.raises(ConfigurationError, match="no place in a list of sessions"):
            await self.page(storage, after=after)

    async def test_many_pages_are_listed_while_sessions_open_and_close(self, storage: Any) -> None:
        staying = {replace(KEY, user_id=number) for number in range(20)}
        for key in staying:
            await storage.open(key, at=NOW)

        async def come_and_go(name: str) -> None:
            for number in range(15):
                key = replace(KEY, qualifier=f"{name} {number}")
                await storage.open(key, at=NOW + number * MINUTE)
                await storage.close(key, at=NOW + number * MINUTE)

        async def look() -> list[SessionKey]:
            return await self.every_page(storage, limit=7)

        *listings, _, _ = await asyncio.gather(look(), look(), come_and_go("a"), come_and_go("b"))
        for keys in listings:
            assert staying <= {*keys}
            assert len([key for key in keys if key in staying]) == len(staying)

    # Filters

    @pytest.mark.parametrize(
        ("where", "taken"),
        [
            (SessionFilter(chat_id=7), lambda key: key.chat_id == 7),
            (SessionFilter(chat_id=-7), lambda key: key.chat_id == -7),
            (SessionFilter(chat_id=8), lambda key: False),
            (SessionFilter(user_id=7), lambda key: key.user_id == 7),
            (SessionFilter(chat_id=7, user_id=0), lambda key: key.user_id == 0),
            (SessionFilter(qualifiers=frozenset({"c", ""})), lambda key: key.qualifier in ("c", "")),
            (SessionFilter(qualifiers=frozenset({None})), lambda key: key.qualifier is None),
            (SessionFilter(7, qualifiers=frozenset({None, "c"})), lambda key: key.chat_id == 7 and key.qualifier != ""),
        ],
        ids=[  # written out, because workers of a test run must agree on them, and the order of a set is chance
            "a chat",
            "a group",
            "no chat",
            "a person",
            "nobody",
            "some qualifiers",
            "no qualifier",
            "a chat and qualifiers",
        ],
    )
    async def test_a_filter_leaves_out_all_others(self, storage: Any, where: SessionFilter, taken: Any) -> None:
        keys = tuple(key for key in OF_BOT if key.qualifier != "None")
        await self.open_each(storage, keys)
        wanted = [key for key in keys if taken(key)]
        for limit in (1, 2, 100):
            assert await self.every_page(storage, where, limit=limit) == wanted
        assert await storage.count_sessions(BOT, where) == len(wanted)

    @pytest.mark.parametrize("where", [SessionFilter(), SessionFilter(chat_id=7), SessionFilter(user_id=7)], ids=str)
    async def test_old_sessions_are_told_from_young_ones(self, storage: Any, where: SessionFilter) -> None:
        keys = tuple(replace(KEY, user_id=7, qualifier=str(number)) for number in range(6))
        await self.open_each(storage, keys)
        old = replace(where, opened_before=NOW + 3 * MINUTE)
        for limit in (1, 4, 100):
            assert await self.every_page(storage, old, limit=limit) == [*keys[:4]]
        assert await storage.count_sessions(BOT, old) == 4
        never = replace(where, opened_before=NOW - MINUTE)
        assert await self.every_page(storage, never, limit=2) == []

    async def test_the_sessions_of_a_chat_with_many_are_listed_likewise(self, storage: Any) -> None:
        many = FEW + 5
        for number in range(many):
            await storage.open(replace(KEY, user_id=number), at=NOW + timedelta(seconds=number))
            if number % 100 == 0:
                await storage.open(replace(KEY, chat_id=8, user_id=number), at=NOW + timedelta(seconds=number))
        where = SessionFilter(chat_id=7)
        assert [key.user_id for key in await self.every_page(storage, where, limit=400)] == [*range(many)]
        assert await storage.count_sessions(BOT, where) == many
        await storage.close(replace(KEY, user_id=3), at=NOW)
        one = replace(where, user_id=many - 1)
        assert await self.every_page(storage, one, limit=1) == [replace(KEY, user_id=many - 1)]

    # By when they are due

    async def test_sessions_are_listed_by_when_they_are_due(self, storage: Any) -> None:
        order = SessionOrder.DUE
        dues = (5, 2, None, 9, 2, 7)
        keys = [replace(KEY, qualifier=f"number {number}") for number in range(len(dues))]
        for key, minutes in zip(keys, dues, strict=True):
            due = None if minutes is None else Due(NOW + minutes * MINUTE, NOW + 60 * MINUTE)
            await storage.open(key, at=NOW, due=due)
        for limit in (1, 3, 9):
            listed = await self.every_page(storage, limit=limit, order=order)
            assert {*listed[:2]} == {keys[1], keys[4]}
            assert listed[2:] == [keys[0], keys[5], keys[3]]
        where = SessionFilter(qualifiers=frozenset({"number 3", "number 5", "number 2"}))
        assert await self.every_page(storage, where, limit=1, order=order) == [keys[5], keys[3]]
        assert await self.every_page(storage, SessionFilter(chat_id=7), limit=2, order=order) == listed
        leased = await storage.lease_sessions(BOT, now=NOW + 2 * MINUTE, until=self.much_later(), limit=1)
        held, (key,) = await self.every_page(storage, limit=2, order=order), [it.key for it in leased]
        assert key in (*held[:2], held[-1])
        assert [it for it in held if it != key] == [it for it in listed if it != key]
        assert [it.due_at for it in await storage.look_at_sessions([key])] == [self.much_later()]

    def much_later(self) -> datetime:
        return NOW + 100 * MINUTE

    async def test_what_is_listed_leaves_nothing_behind(self, storage: Any) -> None:
        await self.open_each(storage, OF_BOT)
        await self.every_page(storage, limit=2)
        for key in OF_BOT:
            await storage.close(key, at=NOW)
        assert await self.left(storage) == 0
