"""What only a newer aiogram has. On the newest nothing may be skipped, so there such a test runs or is deleted."""

from __future__ import annotations

from types import ModuleType

import aiogram
import pytest
from pydantic import BaseModel


def needs(holder: ModuleType | type[BaseModel], name: str) -> pytest.MarkDecorator:
    """Skip tests on an aiogram whose module has no such type or method, or whose type has no such field."""
    known = hasattr(holder, name) if isinstance(holder, ModuleType) else name in holder.model_fields
    return pytest.mark.skipif(not known, reason=f"aiogram {aiogram.__version__} has no {holder.__name__}.{name}")
