"""Where each person stands in the form, kept in SQL beside the slices: aiogram ships no such storage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, DefaultKeyBuilder, StateType, StorageKey
from sqlalchemy import URL, Column, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.schema import CreateTable

_FORMS: Final = Table(
    "order_flow_forms", MetaData(), Column("key", String(255), primary_key=True), Column("value", Text, nullable=False)
)
_KEYS: Final = DefaultKeyBuilder(with_bot_id=True, with_business_connection_id=True, with_destiny=True)


class SQLForms(BaseStorage):
    """The state machine's storage on any database that SQLAlchemy's asyncio reaches. It owns its engine."""

    def __init__(self, url: str | URL) -> None:
        """Connect on first use.

        Raises:
            sqlalchemy.exc.ArgumentError: the URL is malformed.
        """
        self._engine = create_async_engine(url)
        self._is_created = False

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.begin() as connection:
            if not self._is_created:
                await connection.execute(CreateTable(_FORMS, if_not_exists=True))
                self._is_created = True
            yield connection

    async def _put(self, key: StorageKey, part: Literal["state", "data"], value: str | None) -> None:
        name = _KEYS.build(key, part)
        async with self._begin() as connection:
            await connection.execute(delete(_FORMS).where(_FORMS.c.key == name))
            if value is not None:
                await connection.execute(insert(_FORMS).values(key=name, value=value))

    async def _get(self, key: StorageKey, part: Literal["state", "data"]) -> str | None:
        async with self._begin() as connection:
            query = select(_FORMS.c.value).where(_FORMS.c.key == _KEYS.build(key, part))
            value: str | None = await connection.scalar(query)
            return value

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep the step; None forgets it."""
        await self._put(key, "state", state.state if isinstance(state, State) else state)

    async def get_state(self, key: StorageKey) -> str | None:
        """Return the step, None outside of the form."""
        return await self._get(key, "state")

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep what was chosen; nothing forgets it."""
        await self._put(key, "data", json.dumps(dict(data)) if data else None)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Return what was chosen, ``{}`` for nothing."""
        data: dict[str, Any] = json.loads(await self._get(key, "data") or "{}")
        return data

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()
