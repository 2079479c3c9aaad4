"""The job of `popgate verify FILE`: verdicts on what each row states of a person, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import typer

from gateway.cli.volume.lookups import ASKED_NUMBER_LENGTH_MAX
from gateway.cli.volume.running import QUOTA_EXHAUSTED

if TYPE_CHECKING:
    from gateway.client import Context

NUMBER: Final = "number"
CARD: Final = "card_text"
VALUE_LENGTH_MAX: Final = 512
"""Characters that are compared, by the contract. One more is sent of a longer value, which says that it is longer."""
CARD_LENGTH_MAX: Final = 1024
RESULTS_REMEMBERED_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Stated:
    """What the rows of a file say: who it is about, claimed paths, and questions with the value that all rows share.

    A question whose value is None takes it from the column of its name, if it needs one.
    """

    cards: bool
    paths: tuple[str, ...]
    questions: Mapping[str, str | None]

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of each row: who, the claims, then the values of questions."""
        from gateway.client.verification import WITH_VALUE

        asked = [name for name, value in self.questions.items() if name in WITH_VALUE and value is None]
        return (CARD if self.cards else NUMBER, *self.paths, *asked)


def stated_in(columns: Sequence[str], mapping: Mapping[str, str], questions: Mapping[str, str]) -> Stated:
    """What a file with these columns states: what `mapping` names (an empty column: not that), and columns that are
    called like a field that may be verified. Raises a usage error.
    """
    from gateway.agency.predicates import AGE_AT_LEAST
    from gateway.client.verification import CARD_PATHS, SAME_HOUSEHOLD, WITH_VALUE

    verifiable = _verifiable()
    there = {name for name in columns if name not in mapping} | {name for name, column in mapping.items() if column}
    cards = CARD in there
    for name in mapping:
        if name in (NUMBER, CARD) or (name in verifiable and not (cards and name in CARD_PATHS and mapping[name])):
            continue
        if name in WITH_VALUE and name in questions and not questions[name]:
            continue
        raise typer.BadParameter(f"{name!r} {_not_stated(name, mapping[name], verifiable)}", param_hint="--column")
    if cards == (NUMBER in there):
        raise typer.BadParameter(
            f"one column says who it is about: --column {NUMBER}=COLUMN, or --column {CARD}=COLUMN for texts of cards; "
            f"--column {NUMBER}= leaves one out",
            param_hint="--column",
        )
    for name, value in questions.items():
        if value and name not in WITH_VALUE:
            problem = f"has its age behind a colon: {name}:{value}" if name == AGE_AT_LEAST else "takes no value"
            raise typer.BadParameter(f"{name} {problem}", param_hint="--ask")
    if questions.get(SAME_HOUSEHOLD):
        raise typer.BadParameter(f"{SAME_HOUSEHOLD} takes its numbers from a column", param_hint="--ask")
    of_card = CARD_PATHS if cards else ()
    paths = [name for name in dict.fromkeys((*columns, *mapping)) if name in there and name in verifiable]
    claimed = tuple(path for path in paths if path not in of_card and path != NUMBER)
    if not claimed and not cards and not questions:
        raise typer.BadParameter(
            "no column is called like a field that may be verified; say --column PATH=COLUMN, or --ask a question",
            param_hint="--column",
        )
    return Stated(cards, claimed, {name: value or None for name, value in questions.items()})


def _not_stated(name: str, column: str, verifiable: frozenset[str]) -> str:
    """Why a column cannot state what `--column NAME=COLUMN` says."""
    from gateway.client.verification import WITH_VALUE
    from gateway.nearest import did_you_mean

    if name in verifiable:
        return "is what the card states"
    if name in WITH_VALUE:
        return f"is a question: --ask {name} as well"
    if column in verifiable or column in (NUMBER, CARD):
        return f"is no field that may be verified; the field stands first: --column {column}={name}"
    return f"is no field that may be verified{did_you_mean(name, verifiable)}"


def _verifiable() -> frozenset[str]:
    from gateway.catalogue import Catalogue

    leaves = [leaf for leaf in Catalogue.compile().leaves.values() if leaf.verifiable]
    return frozenset(path for leaf in leaves for path in (leaf.path, *(f"{leaf.path}.{part}" for part in leaf.parts)))


Result = tuple[int, bytes, bytes]
"""Outcome, verdicts and answers of one person, as the contract numbers them."""


class VerifyJob:
    """Has what each row states compared."""

    outcomes: tuple[str, ...] = ("found", "absent", "unreadable", "ambiguous", "withheld", QUOTA_EXHAUSTED)

    def __init__(self, stated: Stated, context: Context, kind: str = "") -> None:
        from gateway.client.verification import (
            SAME_HOUSEHOLD,
            WITH_VALUE,
            VerifyQuestion,
            answer_name,
            outcome_name,
            verdict_of,
        )

        self.inputs = stated.columns
        predicates = tuple(stated.questions)
        self.question = VerifyQuestion(stated.paths, context, predicates=predicates, cards=stated.cards, kind=kind)
        self.items_max = self.question.items_max
        self._paths, self._predicates = self.question.answered_paths, predicates
        graded = [name for path in self._paths for name in (path, f"{path}.rule")]
        self.columns = ("asked_number", "outcome", *graded, *predicates)
        self.about: dict[str, Any] = {
            "command": "verify",
            "claims": [*stated.paths],
            "questions": [[name, value] for name, value in stated.questions.items()],
            "purpose": context.purpose,
            "legal basis": context.legal_basis,
            "kind": kind,
        }
        # A value that all rows share, or None where the next input is it.
        self._values = [value for name, value in stated.questions.items() if name in WITH_VALUE]
        self._others = self.inputs.index(SAME_HOUSEHOLD) if SAME_HOUSEHOLD in self.inputs else None
        self._claims = len(stated.paths)
        self._who_length_max = CARD_LENGTH_MAX if stated.cards else ASKED_NUMBER_LENGTH_MAX
        self._outcome, self._verdict, self._answer = outcome_name, verdict_of, answer_name
        self._told = lru_cache(RESULTS_REMEMBERED_MAX)(self._tell)

    def item(self, cells: Sequence[str]) -> list[str]:
        """Who, the claims and the values of questions. Texts too long to be compared are cut where that shows."""
        who = cells[0] if self._who_length_max == CARD_LENGTH_MAX else cells[0].replace(" ", "")
        stated = [cell[: VALUE_LENGTH_MAX + 1] for cell in cells[1:]]
        if self._others is not None:
            stated[self._others - 1] = stated[self._others - 1].replace(" ", "")
        asked = iter(stated[self._claims :])
        values = [next(asked) if value is None else value for value in self._values]
        return [who[: self._who_length_max + 1], *stated[: self._claims], *values]

    def results(self, message: Any) -> list[Result]:
        """Of each row."""
        paths, predicates = len(self._paths), len(self._predicates)
        return [
            (
                outcome,
                message.verdicts[at * paths : (at + 1) * paths],
                message.answers[at * predicates : (at + 1) * predicates],
            )
            for at, outcome in enumerate(message.outcomes)
        ]

    def outcome(self, result: Result) -> str:
        """Whether anybody was answered about."""
        return self._told(result)[0]

    def cells(self, inputs: Sequence[str], result: Result) -> list[str]:
        """The number as it was asked, what became of it, each verdict with its rule, each answer."""
        return [inputs[0].partition("|")[0], *self._told(result)]

    def _tell(self, result: Result) -> tuple[str, ...]:
        """The cells of a result: most rows of a file have the same few."""
        told = [self._outcome(result[0]).lower()]
        for number in result[1]:
            verdict = self._verdict(number)
            told += (verdict.grade, verdict.rule)
        told += [self._answer(number) for number in result[2]]
        return tuple(told)

    def tallies(self, results: Sequence[Result]) -> Mapping[str, int]:
        """How often each field and question came out how: `name MATCH`."""
        counts: Counter[str] = Counter()
        for at, path in enumerate(self._paths):
            for number, count in Counter(result[1][at] for result in results).items():
                counts[f"{path} {self._verdict(number).grade}"] += count
        for at, predicate in enumerate(self._predicates):
            for number, count in Counter(result[2][at] for result in results).items():
                counts[f"{predicate} {self._answer(number)}"] += count
        return {name: count for name, count in counts.items() if not name.endswith(" ")}
