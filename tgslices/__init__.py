"""Sessions for aiogram 3: handles on one slice of a conversation, to wipe, replay or forget it in one call."""

# Wiring
from tgslices.wiring import SessionBot as SessionBot
from tgslices.wiring import setup_sessions as setup_sessions

# What a bot's author holds
from tgslices.manager import SessionConfig as SessionConfig
from tgslices.manager import SessionManager as SessionManager
from tgslices.session import Session as Session
from tgslices.keys import SessionKeyStrategy as SessionKeyStrategy
from tgslices.keys import SessionQualifier as SessionQualifier

# Values
from tgslices.model import ClearResult as ClearResult
from tgslices.model import Direction as Direction
from tgslices.model import Scope as Scope
from tgslices.model import SessionKey as SessionKey
from tgslices.model import TrackedMessage as TrackedMessage
from tgslices.deletion.plan import DeletionPlan as DeletionPlan

# Storage
from tgslices.storage.memory import MemorySessionStorage as MemorySessionStorage
from tgslices.storage.protocol import SessionStorage as SessionStorage

# Errors
from tgslices.errors import CannotSendThere as CannotSendThere
from tgslices.errors import ConfigurationError as ConfigurationError
from tgslices.errors import InvalidSessionKey as InvalidSessionKey
from tgslices.errors import InvalidStorage as InvalidStorage
from tgslices.errors import InvalidTrackedMessage as InvalidTrackedMessage
from tgslices.errors import NotAMessage as NotAMessage
from tgslices.errors import PredicateFailed as PredicateFailed
from tgslices.errors import SessionUnavailable as SessionUnavailable
from tgslices.errors import StorageError as StorageError
from tgslices.errors import TgslicesError as TgslicesError
