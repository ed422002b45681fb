"""What Telegram says of messages, chats and methods: each fact with its source. Pure."""
