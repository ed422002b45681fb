"""The deletion engine: pure decisions by table and by property, the rest over HTTP against the emulator."""
