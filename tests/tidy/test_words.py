"""What may stand nowhere: unfinished business, other people's machines, addresses of package registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

import pytest

from tests.tidy.sources import GENERATED, ROOT, tracked

# Written apart, so that this file does not find itself.
UNFINISHED = [f"TO{'DO'}", f"FIX{'ME'}", f"X{'XX'}", f"HA{'CK'}", f"WI{'P'}"]
REGISTRIES = [f"py{'pi.org'}", f"python{'hosted.org'}", f"npm{'js.org'}", f"crates{'.io'}", f"proxy.go{'lang.org'}"]
MACHINES = [f"/wo{'rk/'}", f"/ro{'ot/'}", f"/ho{'me/'}", f"/Us{'ers/'}", f"/tm{'p/'}"]
SUPPRESSION = r"#[ \t]*(noqa(?!: [A-Z]+[0-9]+)|type: ignore(?!\[)|pragma: no cover)"


@lru_cache
def _texts() -> tuple[tuple[str, str], ...]:
    """Path and text of every file that people wrote."""
    return tuple(_read())


def _read() -> Iterator[tuple[str, str]]:
    for path in tracked():
        if not path.startswith(GENERATED):
            with suppress(UnicodeDecodeError):
                yield path, (ROOT / path).read_text(encoding="utf-8")


def _found(pattern: str) -> list[str]:
    """Places of a pattern, which stands within a line."""
    wanted = re.compile(pattern, re.MULTILINE)
    return [
        f"{path}:{text.count(chr(10), 0, at.start()) + 1}" for path, text in _texts() for at in wanted.finditer(text)
    ]


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_unfinished(word: str) -> None:
    assert _found(rf"\b{word}\b") == []


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_package_registry_is_named(host: str) -> None:
    assert _found(re.escape(host)) == []


@pytest.mark.parametrize("path", MACHINES)
def test_no_path_of_a_machine_is_named(path: str) -> None:
    assert _found(rf"(?<![\w.}}/]){path}") == []


def test_no_merge_is_left_half_done() -> None:
    assert _found(r"^(<{7}|>{7})( |$)") == []


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
    assert [place for place in _found(SUPPRESSION) if place.split(":")[0].endswith(".py")] == []
