"""Many people in one answer: each item has its result, in order; all share one context, one mask and one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import attrgetter

from gateway.api.v1 import lookup_service_pb2, reason_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.pauses import company
from gateway.chain.record import Recorder
from gateway.config import PEOPLE_PER_MESSAGE_MAX, PEOPLE_PER_RELATED_PAGE_MAX, PEOPLE_PER_SLICE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import NUMBER, PERSON_ID, VERSION, Disclosure, Disclosures
from gateway.lookup.fewer import fewer_people
from gateway.lookup.fill import Places
from gateway.lookup.number import possible
from gateway.lookup.people import OTHERS_NAMED, Found
from gateway.lookup.results import check_contract, no_result, person_result, referenced, without
from gateway.wire import time_to_wire
from registry.pack import Ready

Item = tuple[str, str]
"""Number and reference of an item."""
_ITEM = attrgetter("number", "reference")
_FEWER = fewer_people(lookup_service_pb2.BatchLookUpPersonsResponse)

_UNAVAILABLE = reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE
_MALFORMED = reason_pb2.ERROR_REASON_ARGUMENT_INVALID


@dataclass(slots=True)
class _Told:
    """What is told of all items, and of whom the log says so."""

    results: list[bytes] = field(default_factory=list)
    person_ids: list[int] = field(default_factory=list)
    """Who has each number that was asked; 0: nobody."""
    subjects: list[int] = field(default_factory=list)
    """Everybody whom the answer names, some perhaps twice."""
    people: int = 0
    unseen: dict[str, int] = field(default_factory=dict)
    """The numbers of which nothing is told, and who has them out of scope; 0: nobody."""

    def tell(self, result: bytes, person_id: int, subjects: Iterable[int]) -> None:
        """Of a person."""
        self.results.append(result)
        self.person_ids.append(person_id)
        self.subjects.extend(subjects)
        self.people += 1

    def tell_nothing(self, result: bytes, number: str, person_id: int) -> None:
        """Of whoever has a number, or of nobody."""
        self.results.append(result)
        self.person_ids.append(person_id)
        self.unseen[number] = person_id


class Batches:
    """The use-case of BatchLookUpPersons and of each message of StreamLookUpPersons."""

    def __init__(
        self,
        barrier: ReadBarrier,
        disclosures: Disclosures,
        places: Places,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        check_contract()
        self._barrier = barrier
        self._disclosures = disclosures
        self._places = places
        self._recorder = recorder
        self._now = now

    async def look_up(self, call: Call, request: lookup_service_pb2.BatchLookUpPersonsRequest) -> Answer:
        """The results of all items. Raises CallerMistake, FieldNotGranted, RegistryUnavailable."""
        assert call.principal is not None
        assert call.right is not None
        agency = call.principal.agency
        disclosure = self._disclosures.of(call.right, request.field_mask.paths)
        numbers, references = columns_of(request, disclosure)
        asked = possible(numbers)
        told = await self._tell(agency, disclosure, numbers, references, asked)
        # Results are field 1 of the answer, so that what is told once may follow them.
        told_once = lookup_service_pb2.BatchLookUpPersonsResponse(
            withheld=disclosure.withheld,
            read_time=time_to_wire(self._now()),
            sources=disclosure.sources,
            people_count=told.people,
        )
        return Answer(
            b"".join((*told.results, told_once.SerializeToString())),
            people=told.people,
            tags=self._tags(told),
            numbers=asked,
            person_ids=told.person_ids,
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
            recompose=_FEWER,
        )

    async def _tell(
        self,
        agency: str,
        disclosure: Disclosure,
        numbers: Sequence[str],
        references: Sequence[str],
        asked: Sequence[str],
    ) -> _Told:
        """`asked`: the numbers, in order, without the malformed ones."""
        ready: Ready = ([0] * len(asked), [])
        if disclosure.ready:
            ready = await self._ready(agency, disclosure, asked)
        person_ids, results = ready
        if all(person_ids) and len(asked) == len(numbers) and not references:
            await company.give_way()
            return _Told(results, person_ids, person_ids, len(asked))
        left = [number for number, person_id in zip(asked, person_ids, strict=True) if not person_id]
        read = await self._barrier.read(agency, disclosure, left)
        await company.give_way()
        items = list(zip(numbers, references or repeat(""), strict=False))
        return await self._tell_each(disclosure, items, asked, ready, read)

    async def _ready(self, agency: str, disclosure: Disclosure, asked: Sequence[str]) -> Ready:
        """What is ready, without what is not disclosed of it."""
        person_ids, results = await self._barrier.ready(agency, disclosure, asked)
        if not disclosure.dropped:
            return person_ids, results
        disclosed: list[bytes] = []
        for begin in range(0, len(results), PEOPLE_PER_SLICE_MAX):
            await company.give_way()
            end = begin + PEOPLE_PER_SLICE_MAX
            disclosed += [
                without(result, disclosure.dropped) if person_id else b""
                for person_id, result in zip(person_ids[begin:end], results[begin:end], strict=True)
            ]
        return person_ids, disclosed

    async def _tell_each(
        self,
        disclosure: Disclosure,
        items: Sequence[Item],
        asked: Sequence[str],
        ready: Ready,
        read: Sequence[Found | None],
    ) -> _Told:
        """`read`: who is not ready, in order."""
        told, places, others = _Told(), self._places, iter(read)
        names_others = bool(disclosure.related & OTHERS_NAMED.keys())
        person_ids, results = ready
        at = 0
        for position, (number, reference) in enumerate(items, 1):
            if position % PEOPLE_PER_SLICE_MAX == 0:
                await company.give_way()
            if at == len(asked) or number != asked[at]:
                told.results.append(no_result(_MALFORMED, reference))
                continue
            at += 1
            if person_ids[at - 1]:
                told.tell(referenced(results[at - 1], reference), person_ids[at - 1], person_ids[at - 1 : at])
                continue
            person = next(others)
            if person is None or not disclosure.in_scope(person.row):
                hidden = person.row[PERSON_ID] if person is not None else 0
                told.tell_nothing(no_result(_UNAVAILABLE, reference), number, hidden)
                continue
            row = person.row
            body = disclosure.encoded(row, person.related, places)
            subjects = person.subjects() if names_others else (row[PERSON_ID],)
            result = person_result(body, row[VERSION], row[NUMBER] != number, reference)
            told.tell(result, row[PERSON_ID], subjects)
        return told

    def _tags(self, told: _Told) -> bytes:
        """Everybody in the answer, then the numbers without one, and whoever has them out of scope."""
        tags = self._recorder.person_tags(list(dict.fromkeys(told.subjects)))
        if not told.unseen:
            return tags
        hidden = list(dict.fromkeys(filter(None, told.unseen.values())))
        return tags + self._recorder.number_tags(list(told.unseen)) + self._recorder.person_tags(hidden)


def columns_of(
    request: lookup_service_pb2.BatchLookUpPersonsRequest, disclosure: Disclosure
) -> tuple[list[str], list[str]]:
    """The numbers that are asked about, and their references; none when no item has one.

    Raises ArgumentInvalid when there are none, too many or both kinds, or a reference stands twice.
    """
    numbers, references = list(request.numbers), list[str]()
    field = "numbers" if numbers else "items"
    if request.items:
        if numbers:
            raise ArgumentInvalid(violations=[FieldViolation("numbers", "cannot stand beside items")])
        numbers, references = map(list, zip(*map(_ITEM, request.items), strict=True))
    _check_count(field, len(numbers), disclosure)
    return numbers, references if _are_distinct(references) else []


def _check_count(field: str, count: int, disclosure: Disclosure) -> None:
    if not count:
        raise ArgumentInvalid(violations=[FieldViolation(field, "must not be empty")])
    if count > PEOPLE_PER_MESSAGE_MAX:
        told = f"has {count} items, at most {PEOPLE_PER_MESSAGE_MAX} are allowed"
        raise ArgumentInvalid(violations=[FieldViolation(field, told)])
    if disclosure.related & OTHERS_NAMED.keys() and count > PEOPLE_PER_RELATED_PAGE_MAX:
        most = PEOPLE_PER_RELATED_PAGE_MAX
        raise ArgumentInvalid(
            violations=[FieldViolation(field, f"at most {most} are allowed when the answer names others too")],
            metadata={"items_max": str(most)},
        )


def _are_distinct(references: Sequence[str]) -> bool:
    """Whether there are references at all. Raises ArgumentInvalid when one stands twice."""
    known = set[str]()
    for position, reference in enumerate(references):
        if reference and reference in known:
            raise ArgumentInvalid(violations=[FieldViolation(f"items[{position}].reference", "stands twice")])
        known.add(reference)
    return any(references)
