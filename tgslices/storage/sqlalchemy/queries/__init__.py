"""What the storage asks of the tables, one file for each kind of record."""
