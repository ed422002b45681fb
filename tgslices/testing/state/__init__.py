"""The state of an emulated Telegram: accounts, chats, settings, updates and the clock."""
