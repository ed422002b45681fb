"""People on the emulator: what they see, what they may do, and what they do."""
