"""The bot's rehearsal: a scripted customer on the Bot API emulator, and a verdict on what is left in the chat."""
