"""Reads requests into tables: numbers or cards, and a column for each thing that is stated or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.api.v1 import verification_pb2
from gateway.config import PEOPLE_PER_MESSAGE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.number import check_number, is_number
from gateway.lookup.older import can_be, check_kind, is_older, kinds_of
from gateway.lookup.verification.card import Card, UnreadableCard
from gateway.lookup.verification.questions import WITH_VALUE
from gateway.lookup.verification.table import Table
from registry.numbers import all_break_no_rule

CARD_PATHS = ("legacy_number", "name", "birth_date", "sex", "permanent_residence")
"""What a card states, in the order of its verdicts."""


def of_one(request: verification_pb2.VerifyPersonRequest) -> Table:
    """The table of one person. Raises ArgumentInvalid."""
    if bool(request.number) == bool(request.card_text):
        raise ArgumentInvalid(violations=[FieldViolation("number", "or card_text is stated, not both")])
    claims = [(claim.path, [claim.value]) for claim in request.claims]
    questions = [
        (question.predicate, [question.value] if question.value or question.predicate in WITH_VALUE else [])
        for question in request.questions
    ]
    if request.number:
        if is_older(request.number):
            kinds_of(request.number, request.kind)
        else:
            check_number(request.number)
            _check_no_kind(request.kind)
        asked = _once(claims, "claims", "path"), _once(questions, "questions", "predicate")
        return Table([request.number], *asked, request.kind)
    _check_no_kind(request.kind)
    try:
        Card.from_text(request.card_text)
    except UnreadableCard as error:
        raise ArgumentInvalid(violations=[FieldViolation("card_text", str(error))]) from None
    numbers, stated = of_cards([request.card_text])
    claims += stated.items()
    return Table(numbers, _once(claims, "claims", "path"), _once(questions, "questions", "predicate"))


def of_many(request: verification_pb2.BatchVerifyPersonsRequest) -> Table:
    """The table of a batch. Raises ArgumentInvalid."""
    if bool(request.numbers) == bool(request.card_texts):
        raise ArgumentInvalid(violations=[FieldViolation("numbers", "or card_texts are stated, not both")])
    field, count = ("numbers", len(request.numbers)) if request.numbers else ("card_texts", len(request.card_texts))
    if count > PEOPLE_PER_MESSAGE_MAX:
        most = PEOPLE_PER_MESSAGE_MAX
        raise ArgumentInvalid(violations=[FieldViolation(field, f"has {count} items, at most {most} are allowed")])
    claims = [(column.path, list(column.values)) for column in request.claims]
    questions = [(column.predicate, list(column.values)) for column in request.questions]
    if request.numbers:
        numbers = of_numbers(request.numbers, request.kind)
    else:
        _check_no_kind(request.kind)
        numbers, stated = of_cards(request.card_texts)
        claims += stated.items()
    asked = _once(claims, "claims", "path"), _once(questions, "questions", "predicate")
    return Table(numbers, *asked, request.kind)


def _check_no_kind(kind: int) -> None:
    """Raises ArgumentInvalid: cards and personal numbers are of the one kind that they are."""
    if kind:
        raise ArgumentInvalid(violations=[FieldViolation("kind", "is of numbers of 9 or 10 digits only")])


def _once(columns: Sequence[tuple[str, list[str]]], field: str, part: str) -> dict[str, Sequence[str]]:
    """The columns by name. Raises ArgumentInvalid when one stands twice, in the request or on the card too."""
    found: dict[str, Sequence[str]] = {}
    for name, values in columns:
        if name in found:
            raise ArgumentInvalid(violations=[FieldViolation(f"{field}.{part}", "states something twice")])
        found[name] = values
    return found


def of_numbers(numbers: Sequence[str], kind: int) -> list[str]:
    """The numbers, those that no person can have left empty, and those of older kinds that are not `kind`.

    Raises ArgumentInvalid when the contract has no such kind.
    """
    check_kind(kind)
    if all_break_no_rule(numbers):
        return list(numbers)
    return [number if is_number(number) or (is_older(number) and can_be(number, kind)) else "" for number in numbers]


def of_cards(texts: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The numbers of cards, empty for texts of none, and a column for each path that cards state."""
    numbers: list[str] = []
    columns: dict[str, list[str]] = {path: [] for path in CARD_PATHS}
    for text in texts:
        try:
            card = Card.from_text(text)
        except UnreadableCard:
            numbers.append("")
            stated: Mapping[str, str] = {}
        else:
            numbers.append(card.number)
            stated = card.claims()
        for path, column in columns.items():
            column.append(stated.get(path, ""))
    return numbers, columns
