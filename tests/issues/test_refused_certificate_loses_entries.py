"""``ssl.SSLCertVerificationError`` is a ``ValueError`` besides an ``OSError``: a database behind a certificate that has
expired was taken for an entry that can never be written, and the entry was left out."""

from __future__ import annotations

import ssl

import pytest

from tests.promises.stage import Stage, texts_of
from tests.promises.storages import Line, ListStorage
from tgslices import MemorySessionStorage, SessionStorage


@pytest.fixture(params=[MemorySessionStorage, ListStorage])
def storage(request: pytest.FixtureRequest) -> SessionStorage:
    return Line(request.param())


async def test_an_entry_survives_a_refused_certificate(
    stage: Stage, storage: SessionStorage, caplog: pytest.LogCaptureFixture
) -> None:
    assert isinstance(storage, Line)
    session = stage.session()
    await session.messages()
    storage.is_down, storage.failure = True, ssl.SSLCertVerificationError("certificate has expired")
    await stage.says("one")
    with pytest.raises(ssl.SSLError):
        await session.messages()
    storage.is_down = False
    assert await texts_of(session, stage.chat) == ["one"]
    assert "it is left out" not in caplog.text
