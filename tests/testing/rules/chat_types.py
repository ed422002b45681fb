"""Types of chats, by Telegram's names."""

from typing import Final

PRIVATE: Final = "private"
GROUP: Final = "group"
SUPERGROUP: Final = "supergroup"
CHANNEL: Final = "channel"
