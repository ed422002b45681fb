"""What the files under ``deploy/`` say: services with their commands, stages of an image, and the proxy's workers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"

_DEFAULT: Final = re.compile(r"\$\{(\w+):?-([^}]*)\}")
_UPSTREAM: Final = re.compile(r"^\s*server\s+([\w-]+):(\d+);", re.MULTILINE)


def services() -> dict[str, Any]:
    """Return the services of the Compose file, with the default in place of each variable."""
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    return dict(yaml.safe_load(_DEFAULT.sub(r"\2", text))["services"])


def upstreams() -> list[tuple[str, int]]:
    """Return whom the proxy hands requests to."""
    return [(host, int(port)) for host, port in _UPSTREAM.findall((DEPLOY / "nginx.conf").read_text("utf-8"))]


@dataclass
class Stage:
    """One stage of the Dockerfile: the stage or image that it is made from, and what it runs."""

    base: str
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def stages() -> dict[str, Stage]:
    """Return the stages of the Dockerfile by their names."""
    found: dict[str, Stage] = {}
    stage = Stage("")
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(base)
        elif word == "ENTRYPOINT":
            stage.entrypoint = json.loads(rest)
        elif word == "CMD":
            stage.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            stage.health = json.loads(rest.partition(" CMD ")[2])
        elif word == "COPY":
            stage.copied += rest.split()[:-1]
    return found


def command_of(name: str) -> list[str]:
    """Return what a service runs: the entrypoint of its stage, and its own command or that of the stage."""
    service = services()[name]
    stage = stages()[service["build"]["target"]]
    return [*stage.entrypoint, *service.get("command", stage.command)]
