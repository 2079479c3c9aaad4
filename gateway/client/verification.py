"""Having values compared: one person's, or any number of people's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from gateway.api.v1 import verification_pb2
from gateway.audit.receipt import Receipt
from gateway.client.bulk import (
    BATCH_ITEMS_MAX,
    PATIENCE_SECONDS_DEFAULT,
    TIMEOUT_SECONDS_DEFAULT,
    BatchAnswer,
    ask_in_batches,
    in_batches,
)
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, Withheld, withheld_from
from gateway.client.searching import number_kind
from gateway.wire import time_from_wire

_SERVICE: Final = "/gateway.api.v1.LookupService/"
VERIFY_PERSON: Final = Method(_SERVICE + "VerifyPerson", verification_pb2.VerifyPersonResponse)
STREAM_VERIFY: Final = _SERVICE + "StreamVerifyPersons"
SAME_HOUSEHOLD: Final = "same_household"
WITH_VALUE: Final = frozenset({SAME_HOUSEHOLD, "resident_of_province"})
"""Questions that need a value for each person."""
CARD_PATHS: Final = ("legacy_number", "name", "birth_date", "sex", "permanent_residence")
"""What the text of a card states, in the order of its verdicts."""
ASKING_OF_OTHERS_ITEMS_MAX: Final = 800
"""People in a batch whose questions name others too."""
_CLOSE: Final = "CLOSE_"


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What comparing one value came to.

    `grade`: MATCH, CLOSE, MISMATCH, ABSENT (nothing is registered), WITHHELD, UNREADABLE, or empty where nothing was
    stated or nobody was found. `rule`: for CLOSE, which one.
    """

    grade: str
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.grade}({self.rule})" if self.rule else self.grade


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of the values stated about one person.

    `outcome`: FOUND, ABSENT (nobody whom the agency may see), UNREADABLE (number or card of nobody), AMBIGUOUS (several
    have the older number), WITHHELD (people may not be named by it), or QUOTA_EXHAUSTED (not answered today).
    `verdicts` by path, `answers` by predicate: YES, NO, UNKNOWN, WITHHELD, UNREADABLE or empty.
    """

    number: str
    outcome: str
    verdicts: Mapping[str, FieldVerdict]
    answers: Mapping[str, str]

    @property
    def matches(self) -> bool:
        """Whether somebody was found, something was compared, and everything compared is a MATCH."""
        grades = {verdict.grade for verdict in self.verdicts.values()} - {""}
        return self.outcome == "FOUND" and grades == {"MATCH"}


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The answer about one person. `rules_version` is that of the rules by which values are close."""

    verified: Verified
    withheld: tuple[Withheld, ...]
    rules_version: int
    read_time: datetime
    receipt: Receipt
    call_id: str


class VerifyQuestion:
    """Has columns compared: an item is a number, or a card's text, and then a value for each column.

    Columns are the paths in their order, then the questions that need a value.
    """

    path = STREAM_VERIFY
    frame = verification_pb2.StreamVerifyPersonsResponse

    def __init__(
        self,
        paths: Sequence[str],
        context: Context,
        *,
        predicates: Sequence[str] = (),
        cards: bool = False,
        kind: str = "",
    ) -> None:
        """`kind`: of numbers of 9 or 10 digits, empty: by their form. Raises ValueError when there is no such kind."""
        self.paths = tuple(paths)
        self.predicates = tuple(predicates)
        self.items_max = ASKING_OF_OTHERS_ITEMS_MAX if SAME_HOUSEHOLD in predicates else BATCH_ITEMS_MAX
        """Items in a batch."""
        self._context = context.message()
        self._kind = number_kind(kind)
        self._cards = cards
        self.answered_paths = (*self.paths, *(CARD_PATHS if cards else ()))
        """Paths of the verdicts, in their order."""
        self._width = 1 + len(self.paths) + sum(predicate in WITH_VALUE for predicate in self.predicates)

    def request(self, items: Sequence[Sequence[str]], call_id: str, stated: bool) -> bytes:
        """The serialised request frame. Raises ValueError when an item has another number of values."""
        if any(len(item) != self._width for item in items):
            raise ValueError(f"an item has another number of values than the {self._width} that are asked about")
        message = verification_pb2.StreamVerifyPersonsRequest(call_id=call_id)
        batch = message.batch
        if not stated:
            batch.context.CopyFrom(self._context)
        batch.kind = self._kind
        columns = iter(list(zip(*items, strict=True)) or [()] * self._width)
        (batch.card_texts if self._cards else batch.numbers).extend(next(columns))
        for path in self.paths:
            batch.claims.add(path=path, values=next(columns))
        for predicate in self.predicates:
            batch.questions.add(predicate=predicate, values=next(columns) if predicate in WITH_VALUE else ())
        return message.SerializeToString()

    def results(self, batch: Any) -> int:
        """As many as there were items; none when verdicts or answers do not fit them."""
        count = len(batch.outcomes)
        fits = (
            tuple(batch.paths) == self.answered_paths
            and len(batch.verdicts) == count * len(self.answered_paths)
            and len(batch.answers) == count * len(self.predicates)
        )
        return count if fits else 0

    def people(self, batch: Any) -> int:
        """People found."""
        return int(batch.people_count)


class Verifying:
    """The part of a client that has values compared."""

    _connection: Connection

    async def verify(
        self,
        number: str = "",
        *,
        card_text: str = "",
        claims: Mapping[str, str] | None = None,
        questions: Mapping[str, str] | Iterable[str] = (),
        kind: str = "",
        context: Context,
        timeout_seconds: float | None = None,
    ) -> VerifyResult:
        """Compare `claims` (path of `Person` to a value as text) with the person of `number`, or of a card's QR text.

        `questions`: predicates, with a value for those that need one. `kind`: what a number of 9 or 10 digits is, as
        `resolve` has it; empty: by its form. Raises ValueError for another kind; GatewayRefusal: QUOTA_EXHAUSTED when
        too much about the person was wrong today. Raises ClientError otherwise.
        """
        request = verification_pb2.VerifyPersonRequest(
            context=context.message(), number=number, card_text=card_text, kind=number_kind(kind)
        )
        for path, value in (claims or {}).items():
            request.claims.add(path=path, value=value)
        asked = questions if isinstance(questions, Mapping) else dict.fromkeys(questions, "")
        for predicate, value in asked.items():
            request.questions.add(predicate=predicate, value=value)
        answered = await self._connection.call(
            VERIFY_PERSON,
            request,
            timeout_seconds=timeout_seconds,
            people=lambda answer: int(answer.outcome == verification_pb2.PERSON_OUTCOME_FOUND),
        )
        answer = answered.message
        return VerifyResult(
            verified=Verified(
                number or card_text.partition("|")[0],
                outcome_name(answer.outcome),
                {each.path: verdict_of(each.verdict) for each in answer.verdicts},
                {each.predicate: answer_name(each.answer) for each in answer.answers},
            ),
            withheld=withheld_from(answer.withheld),
            rules_version=answer.rules_version,
            read_time=time_from_wire(answer.read_time),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )

    async def verify_many(
        self,
        items: Iterable[Sequence[str]] | AsyncIterable[Sequence[str]],
        paths: Sequence[str],
        *,
        predicates: Sequence[str] = (),
        cards: bool = False,
        kind: str = "",
        context: Context,
        timeout_seconds: float = TIMEOUT_SECONDS_DEFAULT,
        patience_seconds: float = PATIENCE_SECONDS_DEFAULT,
    ) -> AsyncGenerator[Verified, None]:
        """Compare values of any number of people, in their order; see VerifyQuestion for what an item is.

        It uses all workers of the gateway and goes on after broken connections; `aclose` it to stop early. Raises
        ClientError.
        """
        question = VerifyQuestion(paths, context, predicates=predicates, cards=cards, kind=kind)
        batches = self.verify_batches(
            items, question, timeout_seconds=timeout_seconds, patience_seconds=patience_seconds
        )
        async with aclosing(batches):
            async for answer in batches:
                for verified in verified_of(answer, question):
                    yield verified

    async def verify_batches(
        self,
        items: Iterable[Sequence[str]] | AsyncIterable[Sequence[str]],
        question: VerifyQuestion,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS_DEFAULT,
        patience_seconds: float = PATIENCE_SECONDS_DEFAULT,
    ) -> AsyncGenerator[BatchAnswer[Sequence[str]], None]:
        """As `verify_many`, batch by batch, with the verdicts packed as they come. Less work a person."""
        answers = ask_in_batches(
            self._connection,
            question,
            in_batches(items, question.items_max),
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        )
        async with aclosing(answers):
            async for answer in answers:
                yield answer


def verified_of(answer: BatchAnswer[Sequence[str]], question: VerifyQuestion) -> Iterable[Verified]:
    """The answer to a batch, person by person."""
    message = answer.message
    paths, predicates = tuple(message.paths), question.predicates
    for row, (item, outcome) in enumerate(zip(answer.items, message.outcomes, strict=True)):
        verdicts = message.verdicts[row * len(paths) : (row + 1) * len(paths)]
        answers = message.answers[row * len(predicates) : (row + 1) * len(predicates)]
        yield Verified(
            item[0].partition("|")[0],
            outcome_name(outcome),
            dict(zip(paths, map(verdict_of, verdicts), strict=True)),
            dict(zip(predicates, map(answer_name, answers), strict=True)),
        )


@cache
def verdict_of(number: int) -> FieldVerdict:
    """A verdict of the contract by its number; one that this client does not know yet is named by it."""
    name = _name(verification_pb2.Verdict, "VERDICT_", number)
    return FieldVerdict("CLOSE", name.removeprefix(_CLOSE)) if name.startswith(_CLOSE) else FieldVerdict(name)


@cache
def outcome_name(number: int) -> str:
    """A `PersonOutcome` by its number."""
    return _name(verification_pb2.PersonOutcome, "PERSON_OUTCOME_", number)


@cache
def answer_name(number: int) -> str:
    """A `YesNo` by its number; empty when nothing was asked or nobody found."""
    return _name(verification_pb2.YesNo, "YES_NO_", number)


def _name(enum: Any, prefix: str, number: int) -> str:
    try:
        name: str = enum.Name(number)
    except ValueError:
        return f"NUMBER_{number}"
    return "" if not number else name.removeprefix(prefix)
