"""The URL of a database: shown without what is secret in it, and read as whoever hands out URLs writes them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL

from tgslices.errors import StorageError

_MASK: Final = "***"
_SECRETS: Final = ("passw", "pwd", "passfile", "passphrase", "secret", "token", "key")
"""What the name of a secret contains, in libpq's parameters and in those of drivers.

Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

_SAME: Final = {"sslmode": "ssl", "connect_timeout": "timeout"}
"""What libpq and asyncpg call by two names."""

_NO_MEANING: Final = ("channel_binding", "gssencmode")
"""What libpq knows and asyncpg does without: it binds no channel, and encrypts by TLS alone."""

_NUMBERS: Final[dict[str, Callable[[str], float]]] = {
    "timeout": float,
    "command_timeout": float,
    "statement_cache_size": int,
    "prepared_statement_cache_size": int,
    "max_cached_statement_lifetime": int,
    "max_cacheable_statement_size": int,
}


def masked(url: URL) -> str:
    """Return the text of a URL, whose password and whatever else may be secret is masked."""
    masked = {name: _MASK for name in url.query if _is_secret(name)}
    return url.update_query_dict(masked).render_as_string(hide_password=True).replace("%2A%2A%2A", _MASK)


def secrets_of(url: URL) -> Iterator[str]:
    """Yield what no text may hold; nothing is empty."""
    if url.password:
        yield str(url.password)
    for name, value in url.query.items():
        if _is_secret(name):
            yield from filter(None, (value,) if isinstance(value, str) else value)


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in _SECRETS)


def for_asyncpg(url: URL, known: Container[str]) -> tuple[URL, dict[str, Any]]:
    """Return a URL without what asyncpg takes otherwise, and that as arguments.

    Libpq's parameters, which hosting providers hand out, are translated; ``known`` are those of asyncpg.

    Raises:
        StorageError: a parameter means nothing to asyncpg, or is no number and ought to be one.
    """
    arguments: dict[str, Any] = {}
    for given, value in url.query.items():
        name = _SAME.get(given, given)
        if name in _NUMBERS:
            try:
                arguments[name] = _NUMBERS[name](str(value))
            except ValueError:
                raise StorageError(
                    f"The parameter {given} of the storage's URL is {value!r}, which is no number.",
                    f"Write it like {given}=10, or leave it out.",
                ) from None
        elif given == "application_name":
            arguments["server_settings"] = {given: value}
        elif given in _SAME:
            arguments[name] = value
        elif given not in _NO_MEANING and given not in known:
            raise StorageError(
                f"The storage's URL has a parameter {given}, which asyncpg does not know.",
                "Take it out of the URL; what asyncpg takes otherwise goes into connect_args of an engine of your own.",
            )
    return url.difference_update_query({*arguments, *_SAME, *_NO_MEANING, "application_name"}), arguments


def require_file(url: URL) -> None:
    """Check that a database in a file is there, because connecting to it would make an empty one.

    Raises:
        StorageError: there is no such file.
    """
    path = url.database or ""
    if path.startswith("file:") and "uri" in url.query:
        path = unquote(urlsplit(path).path)
    if url.get_backend_name() == "sqlite" and not Path(path).is_file():
        raise StorageError(f"There is no SQLite file at {path!r}.", "Check the path, and the working directory.")
