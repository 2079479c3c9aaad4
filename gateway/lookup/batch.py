"""Many people in one answer: each item has its result, in order; all share one context, one mask and one entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter

from gateway.api.v1 import lookup_service_pb2, reason_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.pauses import company
from gateway.chain.record import Recorder
from gateway.config import PEOPLE_PER_RELATED_PAGE_MAX, PEOPLE_PER_SLICE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import FRAGMENT_ROW, NUMBER, PERSON_ID, VERSION, Disclosure, Disclosures
from gateway.lookup.fewer import fewer_people
from gateway.lookup.fill import Places
from gateway.lookup.number import possible
from gateway.lookup.people import OTHERS_NAMED, Found
from gateway.lookup.results import check_contract, copied_results, no_result, person_result
from gateway.wire import time_to_wire

Item = tuple[str, str]
"""Number and reference of an item."""
_ITEM = attrgetter("number", "reference")
_REFERENCE = itemgetter(1)
_FEWER = fewer_people(lookup_service_pb2.BatchLookUpPersonsResponse)

_UNAVAILABLE = reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE
_MALFORMED = reason_pb2.ERROR_REASON_ARGUMENT_INVALID


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
        disclosure = self._disclosures.of(call.right, request.field_mask.paths)
        items: list[Item] = list(map(_ITEM, request.items))
        check_items(items, disclosure)
        asked = possible([number for number, _ in items])
        found = await self._barrier.read(call.principal.agency, disclosure, asked)
        await company.give_way()
        seen = disclosure.seen(found)
        # Results are field 1 of the answer, so that what is told once may follow them.
        told_once = lookup_service_pb2.BatchLookUpPersonsResponse(
            withheld=disclosure.withheld,
            read_time=time_to_wire(self._now()),
            sources=disclosure.sources,
            people_count=len(seen),
        )
        results = await self._results(disclosure, items, asked, found)
        return Answer(
            b"".join((*results, told_once.SerializeToString())),
            people=len(seen),
            tags=self._tags(disclosure, asked, found, seen),
            numbers=asked,
            person_ids=[person.row[PERSON_ID] if person is not None else 0 for person in found],
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
            recompose=_FEWER,
        )

    async def _results(
        self, disclosure: Disclosure, items: Sequence[Item], asked: Sequence[str], found: Sequence[Found | None]
    ) -> list[bytes]:
        """The bytes of all results. `asked`: the numbers of the items, in order, without the malformed ones."""
        parts: list[bytes] = []
        at, end, places = 0, len(asked), self._places
        # Nothing but people is told, unless somebody is absent or out of scope: stored fragments may be copied.
        told_alike = disclosure.from_fragments and end == len(items) and not any(map(_REFERENCE, items))
        for begin in range(0, len(items), PEOPLE_PER_SLICE_MAX):
            people = found[begin : begin + PEOPLE_PER_SLICE_MAX]
            if told_alike and (copied := self._copied(disclosure, people)):
                at += len(people)
                parts += copied
                continue
            if begin:
                await company.give_way()
            for number, reference in items[begin : begin + PEOPLE_PER_SLICE_MAX]:
                if at == end or number != asked[at]:
                    parts += no_result(_MALFORMED, reference)
                    continue
                person = found[at]
                at += 1
                if person is None or not disclosure.in_scope(person.row):
                    parts += no_result(_UNAVAILABLE, reference)
                    continue
                row = person.row
                body = disclosure.encoded(row, person.related, places)
                parts += person_result(body, row[VERSION], row[NUMBER] != number, reference)
        return parts

    @staticmethod
    def _copied(disclosure: Disclosure, people: Sequence[Found | None]) -> list[bytes]:
        """The results of people who all have a stored fragment in scope; empty where one has none."""
        rows = [person.row for person in disclosure.seen(people)]
        if len(rows) != len(people) or set(map(len, rows)) != {len(FRAGMENT_ROW)}:
            return []
        return copied_results([row[-1] for row in rows], [row[VERSION] for row in rows])

    def _tags(
        self, disclosure: Disclosure, asked: Sequence[str], found: Sequence[Found | None], seen: Sequence[Found]
    ) -> bytes:
        """Everybody in the answer, then the numbers without one, and whoever has them out of scope."""
        if disclosure.related & OTHERS_NAMED.keys():
            subjects = [person_id for person in seen for person_id in person.subjects()]
        else:
            subjects = [person.row[PERSON_ID] for person in seen]
        tags = self._recorder.person_tags(list(dict.fromkeys(subjects)))
        if len(seen) == len(asked):
            return tags
        unseen = [
            (number, person)
            for number, person in zip(asked, found, strict=True)
            if person is None or not disclosure.in_scope(person.row)
        ]
        hidden = [person.row[PERSON_ID] for _, person in unseen if person is not None]
        numbers = list(dict.fromkeys(number for number, _ in unseen))
        return tags + self._recorder.number_tags(numbers) + self._recorder.person_tags(list(dict.fromkeys(hidden)))


def check_items(items: Sequence[Item], disclosure: Disclosure) -> None:
    """Raises ArgumentInvalid when a reference stands twice, or more people would be named than an entry holds."""
    if disclosure.related & OTHERS_NAMED.keys() and len(items) > PEOPLE_PER_RELATED_PAGE_MAX:
        most = PEOPLE_PER_RELATED_PAGE_MAX
        raise ArgumentInvalid(
            violations=[FieldViolation("items", f"at most {most} are allowed when the answer names others too")],
            metadata={"items_max": str(most)},
        )
    references = [reference for _, reference in items if reference]
    if len(set(references)) == len(references):
        return
    known: set[str] = set()
    for position, (_, reference) in enumerate(items):
        if reference in known:
            raise ArgumentInvalid(violations=[FieldViolation(f"items[{position}].reference", "stands twice")])
        if reference:
            known.add(reference)
