"""The HTTP side of the emulator: listening, calls and their log, limits, webhooks, and a client on the loopback."""
