"""What gets into a session: open keys, blocks, the tracker and its backlog."""
