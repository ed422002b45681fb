"""What is published: the wheel, the version, the changelog, and nothing of anybody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Final

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text("utf-8")
RELATIVE_LINK: Final = re.compile(r"\]\((?!https://)([^)]+)\)")
KINDS: Final = frozenset({"added", "changed", "fixed", "removed"})

PRIVATE: Final = re.compile(
    r"files\.pythonhosted\.org|pypi\.org/simple|registry\.npmjs\.org"
    r"|(?<![\w.~/-])/(?:home|root|Users|work)/|[A-Z]:\\Users\\"
)
"""Hosts of package registries, and paths of one machine."""

LOCKS: Final = frozenset(
    {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"}
)


def _project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"])


def _tracked() -> list[Path]:
    """Return what is committed; all files, where this is no checkout (an unpacked source distribution)."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        names = {path: f"/{path.relative_to(ROOT).as_posix()}" for path in ROOT.rglob("*") if path.is_file()}
        return [path for path, name in names.items() if "/." not in name and "/__pycache__/" not in name]
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in _tracked():
        try:
            yield path.relative_to(ROOT), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel as it would be published."""
    directory = tmp_path_factory.mktemp("dist")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(directory), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        yield wheel


@pytest.fixture
def metadata(wheel: zipfile.ZipFile) -> Message:
    """What a package index shows of it."""
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return message_from_bytes(wheel.read(name))


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if not name.startswith("tgslices-")}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tgslices").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert packed == package
    assert "tgslices/py.typed" in packed
    assert "tgslices/testing/server.py" in packed


def test_the_author_is_who_holds_the_copyright(metadata: Message) -> None:
    holder = re.search(r"^Copyright \(c\) \d+ (.+)$", (ROOT / "LICENSE").read_text("utf-8"), re.MULTILINE)
    assert holder is not None
    assert metadata.get_all("Author") == [holder[1]]


def test_what_an_index_shows_is_the_readme_with_files_named_in_place_of_links_to_them(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    description = metadata.get_payload(decode=True)
    assert isinstance(description, bytes)
    shown = description.decode()
    assert RELATIVE_LINK.findall(shown) == []
    assert [path for path in RELATIVE_LINK.findall(README) if f" (`{path}`)" not in shown] == []
    changed = [before for before, after in zip(README.splitlines(), shown.splitlines(), strict=True) if before != after]
    assert changed == [line for line in README.splitlines() if RELATIVE_LINK.search(line)] != []


def test_the_source_distribution_has_every_committed_file(tmp_path: Path) -> None:
    (built,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(built) as source:
        packed = {name.partition("/")[2] for name in source.getnames()}
    committed = {path.relative_to(ROOT).as_posix() for path in _tracked()}
    assert sorted(committed - packed) == []


def test_the_changelog_begins_with_the_version() -> None:
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading is not None
    assert heading[1] == _project()["version"]


OWN_ADDRESSES: Final = frozenset({"Changelog", "Documentation", "Issues", "Source"})


def test_a_released_version_says_where_its_pages_are() -> None:
    """An address that nobody owns yet would be worse than none; see the decisions."""
    heading = re.search(r"^## .*$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading is not None
    urls = _project()["urls"]
    assert heading[0].endswith("(unreleased)") or set(urls) >= OWN_ADDRESSES
    assert [url for url in urls.values() if not url.startswith("https://") or ".example" in url] == []


def test_changelog_fragments_are_one_line_each_and_named_by_topic_and_kind() -> None:
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    kinds = "|".join(sorted(KINDS))
    wrong = [path.name for path in fragments if not re.fullmatch(rf"[a-z0-9-]+\.({kinds})\.md", path.name)]
    long = [path.name for path in fragments if not re.fullmatch(r"\S[^\n]*\n", path.read_text("utf-8"))]
    assert (wrong, long) == ([], [])


def test_no_lock_file_is_committed() -> None:
    assert [path.name for path in _tracked() if path.name in LOCKS and ".git" not in path.parts] == []


def test_no_committed_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [f"{path}: {match[0]}" for path, text in _texts() for match in PRIVATE.finditer(text)]
    assert found == []
