"""Imports go one way, pure files stay pure, and what must be light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.tidy.sources import PACKAGES, Source, sources

API, ERRORS, CONFIG = "gateway.api", "gateway.errors", "gateway.config"
KEYFILES, NEAREST = "gateway.keyfiles", "gateway.nearest"
BASE, RECORD, TURNS = "gateway.chain.base", "gateway.chain.record", "gateway.chain.turns"
PAUSES = "gateway.chain.pauses"
_SERVING = ("gateway.agency", "gateway.audit", "gateway.chain", "gateway.lookup", "gateway.sync", "gateway.usage")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "registry": (),
    "seed": ("registry",),
    "seed.demo": (
        *("seed", "registry", "gateway.client", "gateway.agency", "gateway.audit", API),
        *(CONFIG, "gateway.forked", "gateway.start", "gateway.supervisor"),
    ),
    ERRORS: (),
    KEYFILES: (),
    "gateway.rotating": ("gateway.agency", KEYFILES),
    CONFIG: (),
    "gateway.metrics": (),
    "gateway.process_log": (),
    "gateway.nearest": (),
    "gateway.catalogue": (API, ERRORS, NEAREST),
    "gateway.wire": (API, "gateway.audit.receipt"),
    "gateway.audit": (ERRORS, KEYFILES),
    "gateway.audit.service": (API, ERRORS, BASE, RECORD, TURNS, "gateway.lookup", "registry"),
    "gateway.agency": (API, ERRORS, KEYFILES),
    "gateway.agency.key_service": (API, BASE),
    "gateway.agency.check": ("gateway.audit",),
    "gateway.agency.rotation": (ERRORS, KEYFILES, "gateway.audit.note", "gateway.audit.receipt"),
    "gateway.agency.quotas": (ERRORS, "gateway.audit.charges", "gateway.audit.limits"),
    "gateway.agency.guesses": (API, BASE, "gateway.audit.charges"),
    "gateway.agency.administration": (API, ERRORS, BASE, TURNS, "gateway.catalogue"),
    "gateway.agency.field_sets": (API, ERRORS, "gateway.catalogue", NEAREST),
    "gateway.agency.messages": (API, ERRORS, "gateway.catalogue", NEAREST),
    "gateway.agency.enrolment": (API, ERRORS, BASE),
    "gateway.agency.questions": (API, ERRORS, BASE, TURNS, "gateway.audit", "gateway.catalogue"),
    "gateway.agency.service": (API, ERRORS, BASE),
    "gateway.agency.signing_service": (API, ERRORS, BASE, TURNS),
    "gateway.agency.subject_service": (API, BASE, RECORD, TURNS, "gateway.audit.entry", "gateway.lookup"),
    "gateway.agency.suggestions": (ERRORS, "gateway.catalogue"),
    "gateway.agency.templates": (API, "gateway.catalogue"),
    "gateway.chain": ("gateway.agency", "gateway.audit", API, CONFIG, ERRORS, "gateway.metrics", "gateway.wire"),
    "gateway.lookup": (
        "gateway.agency",
        "gateway.audit.charges",
        "gateway.chain.charges",
        "gateway.catalogue",
        API,
        BASE,
        RECORD,
        TURNS,
        PAUSES,
        CONFIG,
        ERRORS,
        "gateway.wire",
        "registry",
    ),
    "gateway.sync": (
        *("gateway.agency", "gateway.audit.entry", "gateway.catalogue", API, BASE, RECORD, TURNS, CONFIG, ERRORS),
        *("gateway.lookup", "gateway.wire", "registry", PAUSES),
    ),
    "gateway.usage": ("gateway.audit",),
    "gateway.usage.service": (API, ERRORS, BASE, TURNS, "gateway.agency", "gateway.audit"),
    "gateway.client": ("gateway.agency", "gateway.audit", API, "gateway.wire"),
    "gateway.start": ("gateway.agency", "gateway.audit", "gateway.catalogue", CONFIG, "registry"),
    "gateway.http": ("gateway.agency.published", "gateway.audit", CONFIG, "gateway.expiry", "gateway.pulse"),
    "gateway.expiry": ("gateway.agency",),
    "gateway.pulse": (),
    "gateway.rpc": (),
    "gateway.forked": (),
    "gateway.supervisor": (
        *(CONFIG, KEYFILES, "gateway.agency.identity", "gateway.start"),
        *("gateway.child", "gateway.forked"),
    ),
    "gateway.server": ("gateway", "registry"),
    "gateway.child": ("gateway",),
    "gateway.cli": ("gateway", "registry", "seed"),
    "gateway.__main__": ("gateway.cli",),
}
"""What each part may import of the project, besides itself; the longest name that fits a module counts."""

PURE = {
    f"gateway.audit.{name}"
    for name in (
        "entry",
        "tree",
        "tiles",
        "note",
        "checkpoint",
        "receipt",
        "tags",
        "fold",
        "charges",
        "admission",
        "limits",
    )
} | {
    "gateway.agency.acts",
    "gateway.agency.grants",
    "gateway.agency.narrowing",
    "gateway.agency.terms",
    "gateway.agency.predicates",
    "gateway.agency.signatures",
    "gateway.agency.signing_keys",
    NEAREST,
    "gateway.sync.cursor",
    "gateway.chain.identify",
    *(f"gateway.lookup.verification.{name}" for name in ("rules", "names", "dates", "texts", "addresses", "card")),
    "registry.names",
    "registry.numbers",
}
FORBIDDEN_IN_PURE = {
    "grpc",
    "google",
    "sqlalchemy",
    "asyncio",
    "os",
    "socket",
    "time",
    "random",
    "secrets",
    "threading",
}


def _imports(source: Source, nodes: Iterator[ast.AST]) -> Iterator[str]:
    """The dotted names that are imported, as far as they are modules."""
    modules = {each.module for each in sources()}
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source.path}: relative import"
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if below in modules else node.module or ""


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _rule_of(module: str) -> str:
    return max((name for name in ALLOWED if _within(module, name)), key=len, default="")


def _shipped() -> list[Source]:
    return [source for source in sources() if source.is_shipped]


def test_every_module_has_a_rule() -> None:
    assert {source.module for source in _shipped() if source.text.strip() and not _rule_of(source.module)} <= {
        "gateway"
    }


def test_imports_go_one_way() -> None:
    wrong = set()
    for source in _shipped():
        rule = _rule_of(source.module)
        parent = ".".join(rule.split(".")[:2])
        for name in _imports(source, ast.walk(source.tree)):
            own = name.split(".")[0] in PACKAGES
            if own and not any(_within(name, package) for package in (rule, parent, *ALLOWED.get(rule, ()))):
                wrong.add(f"{source.module} imports {name}")
    assert wrong == set()


def test_only_the_command_line_reaches_the_synthetic_country_and_only_when_asked() -> None:
    for source in _shipped():
        if not _within(source.module, "seed"):
            top = [name for name in _imports(source, iter(source.tree.body)) if _within(name, "seed")]
            everywhere = [name for name in _imports(source, ast.walk(source.tree)) if _within(name, "seed")]
            assert top == [], source.module
            assert not everywhere or _within(source.module, "gateway.cli"), source.module


def test_nothing_imports_the_command_line() -> None:
    for source in _shipped():
        if not _within(source.module, "gateway.cli") and source.module != "gateway.__main__":
            names = [name for name in _imports(source, ast.walk(source.tree)) if _within(name, "gateway.cli")]
            assert names == [], source.module


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_file_knows_no_framework_clock_or_chance(module: str) -> None:
    (source,) = [each for each in sources() if each.module == module]
    names = {name.split(".")[0] for name in _imports(source, ast.walk(source.tree))}
    assert names.isdisjoint(FORBIDDEN_IN_PURE)


def test_what_a_worker_does_in_a_thread_is_done_in_turn() -> None:
    # Callers of the enrolment port are not known yet; there nobody can have turns.
    # What the writer does in its one thread, nobody asked for.
    elsewhere = {"gateway.chain.turns", "gateway.agency.enrolment", "gateway.sync.writer"}
    assert not [
        source.module
        for source in sources()
        if source.module.startswith(_SERVING) and source.module not in elsewhere
        if "asyncio.to_thread(" in source.text or "run_in_executor(None" in source.text
    ]


def test_no_shipped_module_imports_tests() -> None:
    for source in _shipped():
        assert not [name for name in _imports(source, ast.walk(source.tree)) if _within(name, "tests")], source.module


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("gateway.client", {"sqlalchemy", "alembic", "psycopg", "registry", "seed", "typer", "rich"}),
        ("gateway.audit.verify", {"grpc", "google", "sqlalchemy", "registry", "seed", "pydantic", "typer", "numpy"}),
    ],
)
def test_a_light_module_loads_nothing_heavy(module: str, heavy: set[str]) -> None:
    program = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert heavy.isdisjoint(ran.stdout.split())
