"""The chat page: a browser page on which a person plays the users of a bot, and watches what the bot does.

The server side is small: `snapshot` turns the world into JSON, and `live` sends every open tab what has changed.
`commands` do what was typed and tapped, and `static/` holds the page itself.
"""

from tgslices.testing.page.chatpage import ChatPage

__all__ = ("ChatPage",)
