"""The storage in Redis or Valkey; needs the extra ``redis``."""

from tgslices.storage.redis.storage import RedisSessionStorage

__all__ = ("RedisSessionStorage",)
