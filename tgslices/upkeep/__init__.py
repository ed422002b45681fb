"""What goes on by itself: sessions that are due end, pending deletions are finished, what is past is forgotten."""
