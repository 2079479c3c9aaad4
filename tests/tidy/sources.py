"""The project's own files, as the tidy tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "registry", "seed")
GENERATED = "gateway/api/"


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file written by hand. `path` is relative to the project."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax; not to be altered."""
        return _parsed(self.path, self.text)

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def is_shipped(self) -> bool:
        """Whether it is part of the distribution."""
        return self.path.split("/")[0] in PACKAGES


@lru_cache
def tracked() -> tuple[str, ...]:
    """Paths of all files under version control that exist."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file())


@lru_cache
def sources() -> tuple[Source, ...]:
    """All Python files that people wrote."""
    return tuple(_read(path) for path in tracked() if path.endswith(".py") and not path.startswith(GENERATED))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _read(path: str) -> Source:
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


@lru_cache(maxsize=2048)
def _parsed(path: str, text: str) -> ast.Module:
    return ast.parse(text, path)
