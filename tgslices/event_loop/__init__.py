"""What keeps the event loop free: work in turns, attempts that are shared, waits that grow."""
