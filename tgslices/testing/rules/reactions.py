"""Emojis that a reaction may be.

Source: https://core.telegram.org/bots/api#reactiontypeemoji
"""

from __future__ import annotations

from typing import Final

REACTIONS: Final = frozenset(
    """
    \u2764 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 \u2764\u200d🔥 🌚 🌭 💯 🤣
    ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪
    🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡
    """.split()  # noqa: SIM905
)


def is_reaction(emoji: str) -> bool:
    """Whether this emoji may be one, however it is to be drawn."""
    return emoji.replace("\ufe0f", "") in REACTIONS
