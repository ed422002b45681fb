"""``ssl.SSLCertVerificationError`` is a ``ValueError``, and so are an answer that cannot be read and what a driver says
of a closed connection: each was taken for an entry that can never be written, and the entry was left out."""

from __future__ import annotations

import ssl
from json import JSONDecodeError

import pytest

from tests.promises.fed_bot import FedBot, texts_of
from tests.promises.storages import Line, ListStorage
from tgslices import MemorySessionStorage, SessionStorage


@pytest.fixture(params=[MemorySessionStorage, ListStorage])
def storage(request: pytest.FixtureRequest) -> SessionStorage:
    return Line(request.param())


@pytest.mark.parametrize(
    "failure",
    [
        ssl.SSLCertVerificationError("certificate has expired"),
        JSONDecodeError("an error page in place of an answer", "<html>", 0),
        UnicodeDecodeError("utf-8", b"", 0, 1, "bad"),
        ValueError("Connection closed"),
        TypeError("the cursor is None"),
    ],
)
async def test_an_entry_survives_a_storage_that_is_away_with_an_error_of_values(
    stage: FedBot, storage: SessionStorage, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    assert isinstance(storage, Line)
    session = stage.session()
    await session.messages()
    storage.is_down, storage.failure = True, failure
    await stage.says("one")
    with pytest.raises(type(failure)) as caught:
        await session.messages()
    assert caught.value is failure
    storage.is_down = False
    assert await texts_of(session, stage.chat) == ["one"]
    assert "it is left out" not in caplog.text
