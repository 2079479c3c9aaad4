"""The job of `popgate lookup --file`: a person for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.cli.volume.columns import columns_of
from gateway.cli.volume.running import QUOTA_EXHAUSTED

if TYPE_CHECKING:
    from gateway.client import Context

FOUND, UNAVAILABLE, MALFORMED = "found", "unavailable", "malformed"
ASKED_NUMBER_LENGTH_MAX = 64
"""Characters of a number that are sent; a longer one is nobody's."""


class LookUpJob:
    """Looks up the number of each row."""

    inputs: tuple[str, ...] = ("number",)
    outcomes: tuple[str, ...] = (FOUND, UNAVAILABLE, MALFORMED, QUOTA_EXHAUSTED)

    def __init__(self, paths: Sequence[str], context: Context) -> None:
        from gateway.api.v1 import reason_pb2
        from gateway.client.volume import LookUpQuestion

        self.question = LookUpQuestion(paths, context)
        self.items_max = self.question.items_max
        self._person = columns_of(paths)
        self.columns = ("asked_number", "outcome", "number_superseded", "version", *self._person.names)
        self.about: dict[str, Any] = {
            "command": "lookup",
            "fields": list(paths),
            "purpose": context.purpose,
            "legal basis": context.legal_basis,
        }
        self._outcomes = {
            reason_pb2.ERROR_REASON_UNSPECIFIED: FOUND,
            reason_pb2.ERROR_REASON_ARGUMENT_INVALID: MALFORMED,
            reason_pb2.ERROR_REASON_QUOTA_EXHAUSTED: QUOTA_EXHAUSTED,
        }

    def item(self, cells: Sequence[str]) -> str:
        """The number, without the spaces that people write into it."""
        return cells[0].replace(" ", "")[:ASKED_NUMBER_LENGTH_MAX]

    def results(self, message: Any) -> Sequence[Any]:
        """The contract's."""
        results: Sequence[Any] = message.results
        return results

    def tallies(self, results: Sequence[Any]) -> Mapping[str, int]:
        """Nothing more."""
        return {}

    def outcome(self, result: Any) -> str:
        """What became of it."""
        return self._outcomes.get(result.reason, UNAVAILABLE)

    def cells(self, inputs: Sequence[str], result: Any) -> list[str]:
        """The number as it was asked, what became of it, and the person."""
        outcome = self.outcome(result)
        if outcome != FOUND:
            row = [inputs[0], outcome, "", ""]
            self._person.cells(None, row)
            return row
        row = [inputs[0], outcome, "yes" if result.number_superseded else "", str(result.version)]
        self._person.cells(result.person, row)
        return row
