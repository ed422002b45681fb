"""The pages of the documentation as programs: their ``python`` blocks, run in order in one namespace for each page.

A page is one program, unless a comment that readers do not see says that a block stands in place of the one before:
that is another program, which ends with the block.
A block whose first line names a file (``# mybot.py``) is that file: a module that the blocks after it can import.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from aiogram import Bot

from tgslices.manager import known_manager

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
LANGUAGES: Final = frozenset({"python", "text", "console", "toml", "ini", "sql"})
"""What a block may be called. One that is spelled otherwise would be taken for code that is run, and would not be."""

_FILE: Final = re.compile(r"# (?P<name>\w+\.(?:py|ini))\n")
INSTEAD: Final = "<!-- in place of the block before -->"
"""The line before a block that begins another program."""

_FENCE: Final = re.compile(
    rf"(?P<instead>^{re.escape(INSTEAD)}\n)?"
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)\n(?P<body>.*?)^ *(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
_ONLY_PYTHON: Final = re.compile(r"\s*(import|from|async|def|class) \w|\s*@\w")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One fenced block; ``line`` is that of its first line of text in the page, counted from 1."""

    language: str
    source: str
    line: int
    is_instead: bool = False
    """Whether it stands in place of the block before."""

    @property
    def file(self) -> str | None:
        """The name of the file that the block is; None for a block that is run on the page."""
        match = _FILE.match(self.source)
        return None if match is None else match["name"]


def blocks_of(text: str) -> list[CodeBlock]:
    """Return the fenced blocks of a page, in order; one inside an HTML comment is run too, unseen by readers."""
    return [
        CodeBlock(
            language=match["language"].strip(),
            source=re.sub(rf"^{match['indent']}", "", match["body"], flags=re.MULTILINE),
            line=text.count("\n", 0, match.start("body")) + 1,
            is_instead=match["instead"] is not None,
        )
        for match in _FENCE.finditer(text)
    ]


def files_of(text: str) -> dict[str, str]:
    """Return the files of a page by their names, in order."""
    return {block.file: block.source for block in blocks_of(text) if block.file is not None}


def programs_of(text: str) -> list[list[CodeBlock]]:
    """Return the programs of a page, each with its blocks in order; one without any where the page has no code."""
    programs: list[list[CodeBlock]] = [[]]
    for block in blocks_of(text):
        if block.language != "python":
            continue
        if block.is_instead:
            programs.append([*programs[0][:-1], block])
        else:
            programs[0].append(block)
    return programs


def is_python(source: str) -> bool:
    """Tell whether a text would run as Python, or begins as only Python does."""
    if _ONLY_PYTHON.match(source):
        return True
    try:
        return bool(ast.parse(source).body)
    except SyntaxError:
        return False


async def run_page(page: Path, *, program: int = 0, **names: object) -> dict[str, Any]:
    """Run a program of a page, top-level ``await`` allowed; return the namespace that its blocks share.

    Its files can be imported while it runs.

    Raises:
        Exception: whatever a block raised; the traceback names the page and its lines.
    """
    module = ModuleType(f"page_{page.stem.replace('-', '_').lower()}")
    module.__dict__.update(names)
    sys.modules[module.__name__] = module  # where classes and postponed annotations of the page look for names
    files: list[str] = []
    try:
        for block in programs_of(page.read_text(encoding="utf-8"))[program]:
            if block.file is None:
                await _run(block, page, module)
                continue
            files.append(block.file.removesuffix(".py"))
            sys.modules[files[-1]] = ModuleType(files[-1])
            await _run(block, page, sys.modules[files[-1]])
    finally:
        for name in files:
            del sys.modules[name]
        bots = {id(value): value for value in vars(module).values() if isinstance(value, Bot)}
        for bot in bots.values():  # by their identity: to aiogram those of one token are equal
            if (sessions := known_manager(bot)) is not None:
                await sessions.aclose()
            await bot.session.close()  # aiogram's client opens it again when it is used again
    return module.__dict__


async def _run(block: CodeBlock, page: Path, module: ModuleType) -> None:
    source = "\n" * (block.line - 1) + block.source
    code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    run = FunctionType(code, module.__dict__)
    if code.co_flags & inspect.CO_COROUTINE:
        await run()
    else:
        await asyncio.to_thread(run)  # where a page may call asyncio.run, as its reader's file does
