"""What the storage does, one module a family of calls: which keys and arguments a script gets, and what it answers."""
