"""What is published: the wheel, the version, the changelog, and nothing of anybody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.wheel import WheelBuilder

ROOT: Final = Path(__file__).parents[2]
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
        return [
            path for path in ROOT.rglob("*") if path.is_file() and "/." not in f"/{path.relative_to(ROOT).as_posix()}"
        ]
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in _tracked():
        try:
            yield path.relative_to(ROOT), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        packed = {name for name in wheel.namelist() if not name.startswith("tgslices-")}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tgslices").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert packed == package
    assert "tgslices/py.typed" in packed
    assert "tgslices/testing/server.py" in packed


def test_the_changelog_begins_with_the_version() -> None:
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading is not None
    assert heading[1] == _project()["version"]


def test_changelog_fragments_are_named_by_topic_and_kind() -> None:
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    wrong = [name for name in names if not re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(sorted(KINDS))})\.md", name)]
    assert wrong == []


def test_no_lock_file_is_committed() -> None:
    assert [path.name for path in _tracked() if path.name in LOCKS and ".git" not in path.parts] == []


def test_no_committed_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [f"{path}: {match[0]}" for path, text in _texts() for match in PRIVATE.finditer(text)]
    assert found == []
