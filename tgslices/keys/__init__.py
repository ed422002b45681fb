"""Session keys: from an event to its scope, and by a strategy from a scope to a session key."""

from tgslices.keys.qualifier import SessionQualifier
from tgslices.keys.strategies import SessionKeyStrategy
from tgslices.model import SessionKey

__all__ = ("SessionKey", "SessionKeyStrategy", "SessionQualifier")
