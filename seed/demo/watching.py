"""Chapter: what the operator sees. Reads one scrape of /metrics; nothing else is asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from seed.demo.telling import Teller

METHODS_SHOWN = ("LookUpPerson", "StreamVerifyPersons", "Pull", "Push")
REASONS_SHOWN_MAX = 12


@dataclass(slots=True)
class Histogram:
    """Observations at or below each bound, and all of them."""

    buckets: dict[float, float] = field(default_factory=dict)
    count: float = 0.0
    total: float = 0.0

    def quantile(self, share: float) -> float:
        """The value below which `share` of the observations lie, straight between two bounds; the last bound
        when it lies beyond."""
        wanted, below, lower = share * self.count, 0.0, 0.0
        for bound in sorted(self.buckets):
            through = self.buckets[bound]
            if through >= wanted and through > below:
                if bound == float("inf"):
                    return lower
                return lower + (bound - lower) * (wanted - below) / (through - below)
            below, lower = through, bound
        return lower

    @property
    def mean(self) -> float:
        """Mean of the observations; 0 without any."""
        return self.total / self.count if self.count else 0.0


@dataclass(slots=True)
class Scrape:
    """The figures of one scrape: by (agency, method) where not said otherwise."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: Counter[tuple[str, str]] = field(default_factory=Counter)
    written: Counter[tuple[str, str]] = field(default_factory=Counter)
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (agency, reason)."""
    seconds: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    """By method."""
    batches: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    """By barrier."""
    entries: int = 0
    lag_entries: int = 0
    audit_up: bool = False

    @property
    def people_served(self) -> int:
        """People disclosed to anybody by any method."""
        return self.people.total()


def read_scrape(text: str) -> Scrape:
    """Parse the text format."""
    scrape = Scrape()
    counters = {
        "gateway_calls_total": scrape.calls,
        "gateway_people_served_total": scrape.people,
        "gateway_people_written_total": scrape.written,
        "gateway_fields_withheld_total": scrape.withheld,
    }
    histograms = {"gateway_call_seconds": scrape.seconds, "gateway_barrier_batch_size": scrape.batches}
    for family in text_string_to_metric_families(text):
        for name, labels, value, *_ in family.samples:
            if name in counters:
                counters[name][labels["agency"], labels["method"]] += int(value)
            elif name == "gateway_refusals_total":
                scrape.refused[labels["agency"], labels["reason"]] += int(value)
            elif family.name in histograms:
                held = histograms[family.name][labels.get("method") or labels["barrier"]]
                _observe(held, name.removeprefix(family.name), labels, value)
            elif name == "gateway_audit_entries_total":
                scrape.entries = int(value)
            elif name == "gateway_audit_lag_entries":
                scrape.lag_entries = int(value)
            elif name == "gateway_audit_up":
                scrape.audit_up = bool(value)
    return scrape


def _observe(histogram: Histogram, series: str, labels: dict[str, str], value: float) -> None:
    if series == "_bucket":
        bound = float(labels["le"])
        histogram.buckets[bound] = histogram.buckets.get(bound, 0.0) + value
    elif series == "_count":
        histogram.count += value
    elif series == "_sum":
        histogram.total += value


def show(scrape: Scrape, teller: Teller) -> None:
    """The chapter's tables."""
    callers = sorted(caller for caller in scrape.calls if caller[1] in METHODS_SHOWN)
    headings = ("agency", "method", "calls", "people", "written", "withheld")
    teller.table(headings, (_caller(scrape, caller) for caller in callers), right=headings[2:])
    refused = sorted(scrape.refused.items(), key=lambda item: -item[1])
    teller.table(
        ("refused agency", "reason", "calls"),
        ((agency, reason, f"{calls:,}") for (agency, reason), calls in refused[:REASONS_SHOWN_MAX]),
        right=("calls",),
    )
    teller.table(
        ("method", "calls", "p50", "p95"),
        _latencies(scrape),
        right=("calls", "p50", "p95"),
    )
    sizes = ", ".join(f"{barrier} {held.mean:.1f}" for barrier, held in sorted(scrape.batches.items()) if held.count)
    teller.say(f"Mean batch at the barriers: {sizes}. {scrape.entries:,} entries in the audit log so far.")


def _caller(scrape: Scrape, caller: tuple[str, str]) -> tuple[str, ...]:
    figures = (scrape.calls, scrape.people, scrape.written, scrape.withheld)
    return (*caller, *(f"{figure[caller]:,}" if figure[caller] else "" for figure in figures))


def _latencies(scrape: Scrape) -> Iterable[tuple[str, str, str, str]]:
    for method in METHODS_SHOWN:
        held = scrape.seconds[method]
        if held.count:
            yield (
                method,
                f"{held.count:,.0f}",
                f"{held.quantile(0.5) * 1000:.1f} ms",
                f"{held.quantile(0.95) * 1000:.1f} ms",
            )
