"""The middlewares by which aiogram calls: incoming updates, outgoing requests, and parameters of handlers."""
