"""The site is built once for all its tests, from a copy, without a network."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.site.built import Site

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("docs", "website", "tgslices", "mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
DEAD: Final = "http://127.0.0.1:9"
"""A proxy that is not there: whatever asked for something of the network would fail."""


@dataclass(frozen=True, slots=True)
class Build:
    """What a build has made and said, and how long it kept a processor busy, in seconds."""

    site: Site
    said: str
    seconds: float


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    project = tmp_path_factory.mktemp("site")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    environment = os.environ | {"http_proxy": DEAD, "https_proxy": DEAD, "HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Build(Site(project / "site"), done.stdout + done.stderr, seconds)


@pytest.fixture
def site(build: Build) -> Site:
    return build.site
