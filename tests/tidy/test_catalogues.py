"""Names that outlive a release: metrics, reasons, fields and methods are complete and documented."""

from __future__ import annotations

import ast
import re

from gateway import metrics
from gateway.api.v1 import reason_pb2
from gateway.chain.methods import compile_methods
from tests.tidy.sources import ROOT, sources, tracked

METRIC = re.compile(r"gateway_[a-z]+(_[a-z]+)*")
MAKERS = {"counter", "histogram", "Counter", "Gauge", "Histogram", "GaugeMetricFamily", "CounterMetricFamily"}
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created")


def _metrics() -> dict[str, str]:
    """Name and text of every metric that the code makes."""
    found: dict[str, str] = {}
    for source in sources():
        if source.module not in ("gateway.metrics", "gateway.http", "gateway.expiry", "gateway.pulse"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and len(node.args) >= 2:
                first, second = node.args[:2]
                if _name(node) in MAKERS and isinstance(first, ast.Constant) and isinstance(second, ast.Constant):
                    found[str(first.value)] = str(second.value)
    return found


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_metric_has_the_prefix_and_a_text() -> None:
    metrics = _metrics()
    assert len(metrics) >= 10
    assert [name for name in metrics if not METRIC.fullmatch(name)] == []
    assert [name for name, text in metrics.items() if not re.fullmatch(r"[A-Z].*\.", text)] == []


def test_no_metric_is_labelled_with_what_a_caller_can_invent() -> None:
    (source,) = [each for each in sources() if each.module == "gateway.metrics"]
    labels = set(metrics.CALLER)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _name(node) in MAKERS and len(node.args) > 2:
            labels |= {str(item.value) for item in ast.walk(node.args[2]) if isinstance(item, ast.Constant)}
    assert labels == {"agency", "method", "purpose", "reason", "barrier"}


def test_documents_name_no_metric_that_does_not_exist() -> None:
    known = set(_metrics())
    unknown = set()
    for path in tracked():
        if path.endswith(".md"):
            for match in METRIC.finditer((ROOT / path).read_text(encoding="utf-8")):
                name = match[0]
                if not {name, *(name.removesuffix(suffix) for suffix in SUFFIXES)} & known:
                    unknown.add(f"{path}: {name}")
    assert unknown == set()


def test_every_reason_says_in_the_contract_what_to_do() -> None:
    text = (ROOT / "proto/gateway/api/v1/reason.proto").read_text(encoding="utf-8")
    described = {
        name: comment
        for comment, name in re.findall(r"((?:^ *//.*\n)+) *(ERROR_REASON_[A-Z_]+) = \d+;", text, re.MULTILINE)
    }
    assert set(described) == set(reason_pb2.ErrorReason.keys())
    assert all(len(comment.split()) >= 3 for comment in described.values())


def test_reasons_stand_in_the_order_of_their_numbers() -> None:
    numbers = list(reason_pb2.ErrorReason.values())
    assert numbers == sorted(set(numbers))


def test_every_method_of_the_contract_is_called_by_a_service_test() -> None:
    texts = "".join(source.text for source in sources() if source.path.startswith(("tests/service/", "tests/caller")))
    assert [name for name in compile_methods() if not re.search(rf'[/"]{name}\b', texts)] == []
