"""LookupService: the methods that answer about people by number. Decoding and recording are the chain's."""

from __future__ import annotations

from collections.abc import Callable

from gateway.api.v1 import lookup_service_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.errors import PersonUnavailable
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.batch import Batches
from gateway.lookup.disclosure import NUMBER, PERSON_ID, VERSION, Disclosures
from gateway.lookup.fill import Places
from gateway.lookup.number import check_number
from gateway.wire import time_to_wire


class LookupMethods:
    """The behaviours of LookupService."""

    def __init__(
        self,
        barrier: ReadBarrier,
        disclosures: Disclosures,
        places: Places,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        self._barrier = barrier
        self._disclosures = disclosures
        self._places = places
        self._recorder = recorder
        self._now = now
        self._batches = Batches(barrier, disclosures, places, recorder, now)

    async def BatchLookUpPersons(  # noqa: N802
        self, call: Call, request: lookup_service_pb2.BatchLookUpPersonsRequest
    ) -> Answer:
        """Up to 1,000 people; a bad item is answered as such."""
        return await self._batches.look_up(call, request)

    async def StreamLookUpPersons(  # noqa: N802
        self, call: Call, request: lookup_service_pb2.BatchLookUpPersonsRequest
    ) -> Answer:
        """One message of a stream: the same as a batch of its own."""
        return await self._batches.look_up(call, request)

    async def LookUpPerson(self, call: Call, request: lookup_service_pb2.LookUpPersonRequest) -> Answer:  # noqa: N802
        """One person. An absent one and one out of scope are answered alike, after the same entry."""
        assert call.principal is not None
        assert call.right is not None
        check_number(request.number)
        disclosure = self._disclosures.of(call.right, request.field_mask.paths)
        (found,) = await self._barrier.read(call.principal.agency, disclosure, [request.number])
        response = lookup_service_pb2.LookUpPersonResponse()
        if found is None or not disclosure.in_scope(found.row):
            person_ids = [] if found is None else [found.row[PERSON_ID]]
            return Answer(
                response,
                tags=self._recorder.number_tags([request.number]) + self._recorder.person_tags(person_ids),
                numbers=(request.number,),
                person_ids=person_ids,
                refusal=PersonUnavailable(),
            )
        row = found.row
        disclosure.fill(response.person, row, found.related, self._places)
        response.withheld.extend(disclosure.withheld)
        response.sources.extend(disclosure.sources)
        response.read_time.CopyFrom(time_to_wire(self._now()))
        response.version = row[VERSION]
        if row[NUMBER] != request.number:
            response.number_superseded = True
        return Answer(
            response,
            people=1,
            tags=self._recorder.person_tags(list(dict.fromkeys(found.subjects()))),
            numbers=(request.number,),
            person_ids=(row[PERSON_ID],),
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
        )
