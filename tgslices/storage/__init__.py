"""Where tracked messages, open keys and pending deletions live. Importing this package loads no driver."""

from tgslices.storage.opening import open_storage

__all__ = ["open_storage"]
