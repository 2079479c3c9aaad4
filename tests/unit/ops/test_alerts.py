"""The alert rules: Prometheus reads them, each fires when it should, and each has its paragraph."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

OPS = Path(__file__).parents[3] / "gateway" / "ops"
RULES = (OPS / "alerts.yml").read_text(encoding="utf-8")
PLAYED = Path(__file__).parent / "alerts_test.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's package prometheus) is not installed")


def names(text: str, key: str) -> list[str]:
    return re.findall(rf"{key}: ?(\w+)", text)


def promtool(*arguments: str, folder: Path = OPS) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


@needs_promtool
def test_prometheus_reads_the_rules() -> None:
    ran = promtool("check", "rules", "alerts.yml")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@needs_promtool
def test_each_rule_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    for path in (OPS / "alerts.yml", PLAYED):
        shutil.copy(path, tmp_path)
    ran = promtool("test", "rules", PLAYED.name, folder=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_rule_is_played_and_has_a_paragraph() -> None:
    alerts = names(RULES, "alert")
    assert len(alerts) == len(set(alerts)) >= 10
    assert set(names(PLAYED.read_text(encoding="utf-8"), "alertname")) == set(alerts)
    paragraphs = re.findall(r"^## (\w+)\n\S", (OPS / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert paragraphs == alerts
