"""Parts of the storages that keep their entries in the memory of one process."""
