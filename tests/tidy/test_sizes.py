"""Files and functions that one can see at once, each saying what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.tidy.sources import functions, sources

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "impl", "types", "logging", "misc"}


def test_no_module_is_longer_than_its_bound() -> None:
    long = {source.path for source in sources() if source.text.count("\n") > MODULE_LINES_MAX}
    assert long == set()


def test_no_function_is_longer_than_its_bound() -> None:
    long = {
        f"{source.path}: {function.name}"
        for source in sources()
        for function in functions(source.tree)
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES_MAX
    }
    assert long == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {source.path for source in sources() if source.text.strip() and not ast.get_docstring(source.tree)}
    assert silent == set()


def test_everything_public_that_is_shipped_says_what_it_does() -> None:
    silent = {
        f"{source.path}: {node.name}"
        for source in sources()
        if source.is_shipped
        for node in _public(source.tree)
        if not ast.get_docstring(node)
    }
    assert silent == set()


def _public(parent: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {source.path for source in sources() if source.module.rpartition(".")[2] in VAGUE}
    bases = {source.path for source in sources() if source.path.endswith("/base.py")} - {"gateway/chain/base.py"}
    assert vague | bases == set()
