"""What may stand nowhere: unfinished business, other people's machines, addresses of package registries."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.tidy.sources import GENERATED, ROOT, sources, tracked

# Written apart, so that this file does not find itself.
UNFINISHED = [f"TO{'DO'}", f"FIX{'ME'}", f"X{'XX'}", f"HA{'CK'}", f"WI{'P'}"]
REGISTRIES = [f"py{'pi.org'}", f"python{'hosted.org'}", f"npm{'js.org'}", f"crates{'.io'}", f"proxy.go{'lang.org'}"]
MACHINES = [f"/wo{'rk/'}", f"/ro{'ot/'}", f"/ho{'me/'}", f"/Us{'ers/'}", f"/tm{'p/'}"]
SUPPRESSION = re.compile(r"#\s*(noqa(?!: [A-Z]+[0-9]+)|type: ignore(?!\[)|pragma: no cover)")


def _lines() -> Iterator[tuple[str, int, str]]:
    for path in tracked():
        if path.startswith(GENERATED):
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield path, number, line


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_unfinished(word: str) -> None:
    pattern = re.compile(rf"\b{word}\b")
    assert [f"{path}:{number}" for path, number, line in _lines() if pattern.search(line)] == []


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_package_registry_is_named(host: str) -> None:
    assert [f"{path}:{number}" for path, number, line in _lines() if host in line] == []


@pytest.mark.parametrize("path", MACHINES)
def test_no_path_of_a_machine_is_named(path: str) -> None:
    pattern = re.compile(rf"(?<![\w.}}/]){path}")
    assert [f"{file}:{number}" for file, number, line in _lines() if pattern.search(line)] == []


def test_no_merge_is_left_half_done() -> None:
    mark = re.compile(r"(<{7}|>{7})( |$)")
    assert [f"{path}:{number}" for path, number, line in _lines() if mark.match(line)] == []


def test_locked_dependencies_have_versions_and_hashes_and_no_addresses() -> None:
    for path in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / path).read_text()
        assert "://" not in text
        assert "--index" not in text
        pinned = re.findall(r"^[a-z0-9].*", text, re.MULTILINE)
        assert pinned
        assert all("==" in line for line in pinned)
        assert text.count("--hash=sha256:") >= len(pinned)


def test_a_suppression_names_what_it_suppresses() -> None:
    bare = [
        f"{source.path}:{number}"
        for source in sources()
        for number, line in enumerate(source.text.splitlines(), 1)
        if SUPPRESSION.search(line)
    ]
    assert bare == []
