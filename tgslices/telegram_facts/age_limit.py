"""How old a message may get before no bot can delete it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

AGE_LIMIT: Final = timedelta(hours=48)
"""What a bot may delete is at most this old, in every type of chat and whatever its rights.

Source: https://core.telegram.org/bots/api#deletemessage; TDLib ``MessagesManager.cpp:8346`` (supergroups and channels)
"""
