"""Session keys: from an event to its scope, and by a strategy from a scope to a session key."""

from tgslices.keys.qualifier import SessionQualifier
from tgslices.keys.scopes import direct_topic_of, scope_of, scope_of_message
from tgslices.keys.strategies import KeyStrategy, SessionKeyStrategy, key_of
from tgslices.model import SessionKey

__all__ = (
    "KeyStrategy",
    "SessionKey",
    "SessionKeyStrategy",
    "SessionQualifier",
    "direct_topic_of",
    "key_of",
    "scope_of",
    "scope_of_message",
)
