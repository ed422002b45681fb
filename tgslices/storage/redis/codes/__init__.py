"""How keys and messages are spelled in Redis: pure functions, and no client."""
