"""The Dockerfile, the Compose file and the proxy's configuration agree with each other and with the repository."""

from __future__ import annotations

import tomllib

import pytest

from tests.deploy.written import DEPLOY, ROOT, command_of, services, stages, upstreams

BUILT = [name for name, service in services().items() if "build" in service]


def test_there_are_two_workers_a_database_a_proxy_and_the_emulator() -> None:
    assert set(services()) == {"postgres", "emulator", "worker-1", "worker-2", "proxy"}


def test_both_workers_are_the_same() -> None:
    assert services()["worker-1"] == services()["worker-2"]


@pytest.mark.parametrize("name", BUILT)
def test_what_is_built_is_a_stage_of_the_dockerfile(name: str) -> None:
    build = services()[name]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DEPLOY / "Dockerfile"
    assert build["target"] in stages()


def test_what_an_image_copies_is_there() -> None:
    assert [path for stage in stages().values() for path in stage.copied if not (ROOT / path).exists()] == []


def test_images_are_made_from_a_python_that_is_supported() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    version = stages()["base"].base.removeprefix("python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in classifiers


def test_whoever_is_waited_for_is_there_and_tells_whether_it_is_healthy() -> None:
    for service in services().values():
        waited = service.get("depends_on", {})
        for name in waited:
            other = services()[name]
            if isinstance(waited, dict) and waited[name]["condition"] == "service_healthy":
                assert "healthcheck" in other or stages()[other["build"]["target"]].health


def test_the_proxy_divides_the_updates_among_the_workers() -> None:
    ports = {services()[host]["environment"]["PORT"] for host, _ in upstreams()}
    assert [host for host, _ in upstreams()] == ["worker-1", "worker-2"]
    assert {str(port) for _, port in upstreams()} == ports


def test_nothing_is_published_beyond_this_machine() -> None:
    """Whoever reaches the emulator can be anybody, and the database has a password that everybody can read here."""
    published = [port for service in services().values() for port in service.get("ports", ())]
    assert published != []
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", BUILT)
def test_a_service_runs_a_module_of_the_repository(name: str) -> None:
    command = command_of(name)
    assert command[:2] == ["python", "-m"]
    path = ROOT / command[2].replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
