"""What ends entries and sessions: a clear, a lifetime that is over, the erasing of a person."""
