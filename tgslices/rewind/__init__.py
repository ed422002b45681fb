"""Going back: marks, which are named places in a slice, and the rewind to one."""
