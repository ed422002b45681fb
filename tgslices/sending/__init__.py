"""A session's own send methods: aiogram's, aimed at the session's chat."""
