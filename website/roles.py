"""Roles in docstrings become links of the site: ``:class:`~tgslices.Session``` where that has an entry, else a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import griffe

ROLE: Final = re.compile(
    r":(?P<role>class|meth|func|data|attr|mod):`(?:(?P<title>[^`<]+?) <(?P<of>[^`>]+)>|(?P<name>[^`]+))`"
)


def linked(text: str, scope: griffe.Object) -> str:
    """Return a docstring with a link in place of each role."""
    return ROLE.sub(lambda match: _link(match, scope), text)


def _link(match: re.Match[str], scope: griffe.Object) -> str:
    target = match["of"] or match["name"].lstrip("~")
    is_short = (match["name"] or "").startswith("~")
    title = match["title"] or (target.rpartition(".")[2] if is_short else target)
    called = f"{title}()" if match["role"] in {"meth", "func"} and not title.endswith(")") else title
    return f'<autoref identifier="{_path(target, scope)}" optional><code>{called}</code></autoref>'


def _path(target: str, scope: griffe.Object) -> str:
    """Return the whole path of what a docstring names from its own place."""
    if target.startswith("tgslices"):
        return target
    owner = scope if scope.is_class else scope.parent
    while owner is not None and target not in owner.members:
        owner = owner.parent
    if owner is not None:
        return f"{owner.path}.{target}"
    try:
        return scope.resolve(target)
    except griffe.NameResolutionError:
        return target


class Roles(griffe.Extension):
    """Rewrites the docstrings of a package once it is read."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Rewrite those of everything in it."""
        for found in _within(pkg):
            if found.docstring is not None:
                found.docstring.value = linked(found.docstring.value, found)


def _within(owner: griffe.Object) -> Iterator[griffe.Object]:
    yield owner
    for member in owner.members.values():
        if isinstance(member, griffe.Object):
            yield from _within(member)
