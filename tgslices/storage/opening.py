"""A storage by its URL: those that ship with the library, and those of plugin packages.

A plugin package names its scheme as an entry point of the group ``tgslices.storages``. What the entry point refers to
is called with the URL and returns a storage. Nothing here imports a driver before its scheme is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter, signature
from typing import Any, Final, TypeAlias

from tgslices.errors import StorageError
from tgslices.storage.memory import MemorySessionStorage
from tgslices.storage.protocol import SessionStorage, require_storage

ENTRY_POINTS: Final = "tgslices.storages"
"""The group under which plugin packages name their schemes."""

OpenStorage: TypeAlias = Callable[..., SessionStorage]


def open_storage(url: str, *, reads_only: bool = False, **options: Any) -> SessionStorage:
    """Return a new storage for a URL; nothing is connected before its first use.

    ``memory://``, ``sqlite:///slices.db`` (short for ``sqlite+aiosqlite:///...``),
    ``postgresql://user:password@host/database`` (short for ``postgresql+asyncpg://...``) and
    ``redis://user:password@host:6379/0`` (also ``rediss://``, ``redis+cluster://``, ``unix://``) are always known;
    other schemes come from plugin packages. With ``reads_only`` a database is looked at and not changed, whoever owns
    it. ``options`` are what the class of the storage takes beside the URL: ``prefix``, ``timeout``, ``shared``.

    Raises:
        StorageError: nobody knows the scheme, its driver is not installed, a plugin cannot be loaded, the URL is wrong
            or no text, or an option is. The error never holds the URL's password.
        InvalidStorage: a plugin returned something that is no storage.
    """
    if not isinstance(url, str):
        raise StorageError(f"The URL of the storage is of the type {type(url).__name__}.", _EXAMPLES)
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise StorageError("The URL of the storage has no scheme.", _EXAMPLES)
    opening = _opening(scheme)
    if reads_only and scheme in _BUILT_IN:
        options["reads_only"] = True
    _require_known(options, opening, scheme)
    storage = opening(url, **options)
    require_storage(storage)
    return storage


def _opening(scheme: str) -> OpenStorage:
    if scheme == "memory":
        return _in_memory
    return _load(_BUILT_IN[scheme]) if scheme in _BUILT_IN else _from_plugin(scheme)


def _in_memory(_url: str) -> SessionStorage:
    return MemorySessionStorage()


def _require_known(options: Mapping[str, Any], opening: OpenStorage, scheme: str) -> None:
    known = signature(opening).parameters.values() if options else ()
    names = [it.name for it in known if it.kind is Parameter.KEYWORD_ONLY]
    takes_any = any(it.kind is Parameter.VAR_KEYWORD for it in known)
    for name in options:
        if not (takes_any or name in names):
            takes = f"It takes {', '.join(names)}." if names else "It takes none."
            raise StorageError(f"A storage of the scheme {scheme} has no option {name}.", takes)


_EXAMPLES: Final = (
    "Write it like sqlite:///slices.db, postgresql://user:password@host/database, redis://host or memory://."
)
_REDIS: Final = "tgslices.storage.redis:RedisSessionStorage"
_REDIS_SCHEMES: Final = ("redis", "rediss", "redis+cluster", "rediss+cluster", "unix")
_SQL: Final = "tgslices.storage.sqlalchemy:SQLAlchemySessionStorage"
_SQL_SCHEMES: Final = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg")
_BUILT_IN: Final = {
    **{scheme: EntryPoint(scheme, _SQL, ENTRY_POINTS) for scheme in _SQL_SCHEMES},
    **{scheme: EntryPoint(scheme, _REDIS, ENTRY_POINTS) for scheme in _REDIS_SCHEMES},
}


def _from_plugin(scheme: str) -> OpenStorage:
    installed = entry_points(group=ENTRY_POINTS)
    match list(installed.select(name=scheme)):
        case []:
            known = sorted({"memory", *_BUILT_IN, *(point.name for point in installed)})
            near = get_close_matches(scheme.lower(), known, n=1)
            raise StorageError(
                f"No storage is known for URLs that begin with {scheme!r}.",
                (f"Did you mean {near[0]!r}? " if near else "")
                + f"Use one of {', '.join(known)}, or install a package that names {scheme!r} under {ENTRY_POINTS}.",
            )
        case [point]:
            return _load(point)
        case points:
            packages = ", ".join(sorted(point.dist.name if point.dist else point.value for point in points))
            raise StorageError(
                f"Several packages offer a storage for URLs that begin with {scheme!r}: {packages}.",
                "Uninstall all but one of them.",
            )


def _load(point: EntryPoint) -> OpenStorage:
    try:
        opening: OpenStorage = point.load()
    except (ImportError, AttributeError) as error:
        raise StorageError(
            f"The storage for {point.name}:// cannot be loaded from {point.value} ({type(error).__name__}: {error}).",
            "Install what it needs, or a release of it that goes together with this one.",
        ) from error
    return opening
