"""What a ``ChatPermissions`` object grants."""

from __future__ import annotations

import pytest

from tgslices.testing.rules.rights import ADMIN_RIGHTS, MEDIA_PERMISSIONS, PERMISSIONS, all_rights, permissions_of

SENDING = frozenset({"can_send_messages"})
MEDIA = frozenset(MEDIA_PERMISSIONS)


@pytest.mark.parametrize(
    ("given", "alone", "implied"),
    [
        ({}, frozenset(), frozenset()),
        ({"can_send_messages": True}, SENDING, frozenset()),
        ({"can_send_photos": True}, {"can_send_photos"}, SENDING),
        ({"can_send_polls": True}, {"can_send_polls"}, MEDIA | SENDING),
        ({"can_send_other_messages": True}, {"can_send_other_messages"}, MEDIA | SENDING),
    ],
)
def test_some_permissions_imply_others_unless_they_are_independent(
    given: dict[str, bool], alone: frozenset[str], implied: frozenset[str]
) -> None:
    """https://core.telegram.org/bots/api#restrictchatmember"""
    given = {"can_react_to_messages": False, **given}
    assert permissions_of(given, are_independent=True) == alone
    assert permissions_of(given, are_independent=False) == alone | implied


def test_an_omitted_permission_is_like_another_one() -> None:
    """https://core.telegram.org/bots/api#chatpermissions"""
    assert permissions_of({"can_send_messages": True}, are_independent=True) == {*SENDING, "can_react_to_messages"}
    pinning = {"can_pin_messages": True, "can_edit_tag": False}
    assert permissions_of(pinning, are_independent=True) == {"can_pin_messages", "can_manage_topics"}


def test_every_permission_can_be_granted() -> None:
    assert permissions_of(dict.fromkeys(PERMISSIONS, True), are_independent=True) == frozenset(PERMISSIONS)


def test_posting_is_for_channels_and_pinning_for_groups() -> None:
    """https://core.telegram.org/bots/api#chatadministratorrights"""
    assert "can_post_messages" in all_rights("channel") - all_rights("group")
    assert "can_pin_messages" in all_rights("supergroup") - all_rights("channel")
    assert all_rights("channel") | all_rights("group") == frozenset(ADMIN_RIGHTS)
