"""Where tracked messages, open keys and pending deletions live. Importing this package loads no driver."""
