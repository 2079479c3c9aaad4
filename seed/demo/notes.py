"""Writes the page that tells a reader what to try with a finished demonstration."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.config import Settings
from seed.agencies import AGENCIES, AUDITOR, HOSPITAL, AgencyPlan
from seed.demo.citizens import Country
from seed.demo.ground import NOTES, TAMPERED

NUMBERS_SHOWN = 8
__all__ = ["NOTES", "first_call", "write_notes"]


def write_notes(settings: Settings, country: Country) -> None:
    """STATE/README.txt: numbers of invented people and commands that work with them."""
    state, patient = settings.state, country.patient.number
    numbers = "\n".join(f"  {number}" for number in dict.fromkeys((patient, *country.own[:NUMBERS_SHOWN])))
    elsewhere = "\n".join(f"  {number}" for number in country.everywhere[:NUMBERS_SHOWN])
    receipts = " ".join(f"--receipts {state}/agencies/{plan.code}/receipts.jsonl" for plan in AGENCIES)
    text = f"""A finished demonstration of popgate. All people in it are invented.

Serve it, in one terminal, until Ctrl-C:
  {_popgate()} demo serve --state {state}

Look somebody up, in another one:
  {first_call(state, patient)}

Ask who did:
  {_call(state, AUDITOR, f"audit query {patient}")}

Verify the log, with or without the gateway, and what the agencies hold of it; then the copy that was altered:
  {_popgate()} audit verify {state}/audit {receipts}
  {_popgate()} audit verify {state}/{TAMPERED}

Numbers of people in {country.province_name}:
{numbers}
Numbers of people anywhere:
{elsewhere}
"""
    (state / NOTES).write_text(text, encoding="utf-8")


def first_call(state: Path, number: str) -> str:
    """A command that looks somebody up as the hospital."""
    return _call(state, HOSPITAL, f"lookup {number}", " --fields name,birth_date,permanent_residence")


def _call(state: Path, plan: AgencyPlan, command: str, more: str = "") -> str:
    return (
        f"{_popgate()} {command} --identity {state}/agencies/{plan.code}{more} --purpose {plan.purpose} "
        f"--legal-basis {plan.legal_basis} --case thu-1 --officer {plan.officer}"
    )


def _popgate() -> str:
    """How this very command is called, relative to where the reader stands if it lies below."""
    command = Path(sys.executable).with_name("popgate")
    try:
        return str(command.relative_to(Path.cwd()))
    except ValueError:
        return str(command)
