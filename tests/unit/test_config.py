"""Settings: where they come from, what is refused, and that docs/configuration.md lists them as they are."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError

from gateway.cli.options import settings_of
from gateway.cli.serve import serve
from gateway.config import Settings

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
ROW = re.compile(r"\| `(\w+)` \| (.+?) \| ?(.*?) ?\| .+ \|")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start where no popgate.toml of the developer's stands."""
    monkeypatch.chdir(tmp_path)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return f"`{json.dumps(value) if isinstance(value, tuple) else value}`"


def test_the_documented_settings_are_the_settings() -> None:
    documented = {name: default for name, default, _ in ROW.findall(DOCS.read_text(encoding="utf-8"))}
    assert documented == {name: _shown(field.default) for name, field in Settings.model_fields.items()}


def test_the_documented_options_are_those_of_serve() -> None:
    documented = {name: option for name, _, option in ROW.findall(DOCS.read_text(encoding="utf-8")) if option}
    assert documented == {name: f"`--{name.replace('_', '-')}`" for name in inspect.signature(serve).parameters}


def test_the_documented_file_is_accepted() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    Path("popgate.toml").write_text(example, encoding="utf-8")
    settings = Settings()
    assert settings.workers == 8
    assert settings.names == ("gateway.example", "10.0.0.5")


def test_an_option_wins_over_a_variable_and_a_variable_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("popgate.toml").write_text("port = 1001\nhttp_port = 1002\nenrolment_port = 1003\n")
    monkeypatch.setenv("POPGATE_PORT", "2001")
    monkeypatch.setenv("POPGATE_HTTP_PORT", "2002")
    settings = Settings(port=3001)
    assert (settings.port, settings.http_port, settings.enrolment_port) == (3001, 2002, 1003)


def test_a_key_that_is_no_setting_is_refused() -> None:
    Path("popgate.toml").write_text("wokers = 8\n")
    with pytest.raises(ValidationError, match="wokers"):
        Settings()


def test_variables_of_the_command_line_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPGATE_OFFICER", "op-1")
    assert Settings() == Settings(host="127.0.0.1")


@pytest.mark.parametrize(
    ("file", "variable", "named"),
    [
        ("workers = 65\n", "", "workers"),
        ("workers == 2\n", "", "popgate.toml"),
        ("", "gateway.example", "names"),
    ],
)
def test_settings_that_cannot_be_used_are_a_usage_error_that_names_them(
    file: str, variable: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("popgate.toml").write_text(file)
    if variable:
        monkeypatch.setenv("POPGATE_NAMES", variable)
    with pytest.raises(typer.BadParameter, match=named):
        settings_of()
