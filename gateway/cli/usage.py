"""`popgate usage`: what an agency used in a month, and what it owes."""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import NO_EVIDENCE
from gateway.cli.operation import LEGAL_BASIS, PURPOSE, OperatorLegalBasis, OperatorPurpose
from gateway.cli.options import (
    CaseOption,
    IdentityOption,
    JsonOption,
    OfficerOption,
    ServerOption,
    client_of,
    context_of,
)
from gateway.cli.output import print_json, print_table

if TYPE_CHECKING:
    from gateway.client import UsageStatement

app = typer.Typer(name="usage", help="What agencies used, by the log.", no_args_is_help=True)

PEOPLE_METRICS = ("gateway_people_served_total", "gateway_people_written_total")


@app.command()
def statement(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    agency: Annotated[str, typer.Option("--agency", metavar="AGENCY", help="Code of the agency; its units count.")],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="Month of Viet Nam's time.")],
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    metrics: Annotated[
        str, typer.Option("--metrics", metavar="URL|FILE", help="Compare with a scrape at the month's end, or now.")
    ] = "",
    metrics_before: Annotated[
        str, typer.Option("--metrics-before", metavar="FILE", help="A scrape kept from the month's beginning.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """People and fields by unit and method, priced by the tariff.

    With --metrics the people are set beside what the gateway counted, less what --metrics-before had counted.

    Exit code 4 when they differ.
    """
    context = context_of(purpose, legal_basis, case, officer)

    async def ask() -> UsageStatement:
        async with client_of(identity, server) as client:
            return await client.usage_statement(agency, month, context=context)

    found = asyncio.run(ask())
    counted = _counted(agency, metrics, metrics_before) if metrics else None
    if as_json:
        print_json(_json(found, counted))
    else:
        _print(found, counted)
    if counted is not None and counted != _by_method(found):
        print("The counters and the log differ.", file=sys.stderr)
        raise typer.Exit(NO_EVIDENCE)


def _by_method(found: UsageStatement) -> dict[str, int]:
    """People by method, over all units; methods without people left out, as no counter has them."""
    people: Counter[str] = Counter()
    for (_, method), count in found.people.items():
        people[method] += count
    return {method: count for method, count in people.items() if count}


def _counted(agency: str, metrics: str, before: str) -> dict[str, int]:
    """People by method that a scrape says were counted, less those of an earlier one. Raises OSError."""
    people = _scrape(agency, metrics)
    if before:
        people.subtract(_scrape(agency, before))
    return {method: count for method, count in people.items() if count}


def _scrape(agency: str, place: str) -> Counter[str]:
    from prometheus_client.parser import text_string_to_metric_families

    if place.startswith(("http://", "https://")):
        with urllib.request.urlopen(place, timeout=10) as answer:  # noqa: S310
            text = answer.read().decode()
    else:
        text = Path(place).read_text(encoding="utf-8")
    people: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in PEOPLE_METRICS and sample.labels.get("agency") == agency:
                people[sample.labels["method"]] += int(sample.value)
    return people


def _print(found: UsageStatement, counted: dict[str, int] | None) -> None:
    print(f"Usage of {found.agency} in {found.month}, by the log before entry {found.through_index:,}")
    print_table(
        ("unit", "method", "calls", "people"),
        (
            (unit or "-", method, f"{calls:,}", f"{found.people[unit, method]:,}")
            for (unit, method), calls in sorted(found.calls.items())
        ),
        numbers=frozenset({"calls", "people"}),
    )
    price = found.dong_per_field
    print_table(
        ("unit", "method", "field", "people", "dong"),
        (
            (unit or "-", method, path, f"{people:,}", f"{people * price:,}")
            for (unit, method, path), people in sorted(found.fields.items())
        ),
        numbers=frozenset({"people", "dong"}),
    )
    terms = f"{price:,} dong for a field about a person" if price else "the agency's class pays nothing"
    print(f"{found.dong:,} dong ({found.tariff_source}: {terms})")
    if found.details_unreadable:
        print(f"Of {found.details_unreadable:,} entries the fields are not known: their month's key was destroyed.")
    if counted is not None:
        logged = _by_method(found)
        print_table(
            ("method", "people by the log", "people counted"),
            ((name, f"{logged.get(name, 0):,}", f"{counted.get(name, 0):,}") for name in sorted({*logged, *counted})),
            numbers=frozenset({"people by the log", "people counted"}),
        )


def _json(found: UsageStatement, counted: dict[str, int] | None) -> dict[str, object]:
    return {
        "agency": found.agency,
        "month": found.month,
        "through_index": found.through_index,
        "methods": [
            {"unit": unit, "method": method, "calls": calls, "people": found.people[unit, method]}
            for (unit, method), calls in sorted(found.calls.items())
        ],
        "fields": [
            {"unit": unit, "method": method, "path": path, "people": people, "dong": people * found.dong_per_field}
            for (unit, method, path), people in sorted(found.fields.items())
        ],
        "dong_per_field": found.dong_per_field,
        "dong": found.dong,
        "tariff_source": found.tariff_source,
        "details_unreadable": found.details_unreadable,
        **({} if counted is None else {"people_counted": counted, "people_logged": _by_method(found)}),
    }
