"""What goes on by itself, from start to stop: pending deletions are finished, what is past is forgotten."""
