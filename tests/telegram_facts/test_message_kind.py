"""Kinds of messages are the library's own, and know all that aiogram does."""

from __future__ import annotations

import pytest
from aiogram.enums import ContentType

from tgslices.storage.redis.codes.kinds import KINDS
from tgslices.telegram_facts.message_kind import CONTENT, MessageKind, kind_named


@pytest.mark.parametrize("known", ContentType)
def test_every_kind_of_the_installed_aiogram_is_known_and_equal(known: ContentType) -> None:
    kind = kind_named(known)
    assert (kind.name, kind.value, hash(kind)) == (known.name, known.value, hash(known))


def test_a_kind_of_a_newer_release_is_unknown_and_no_content() -> None:
    assert kind_named("hologram") is MessageKind.UNKNOWN
    assert MessageKind.UNKNOWN not in CONTENT


def test_every_kind_has_a_number_of_its_own_in_redis() -> None:
    assert sorted(KINDS) == sorted(MessageKind)
