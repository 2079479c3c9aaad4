"""Tells of several people under one disclosure: reads those in scope, fills them, tags everybody in the entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.api.v1 import person_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.errors import ArgumentInvalid, FieldViolation, GatewayError
from gateway.lookup.disclosure import PERSON_ID, Disclosure, Disclosures
from gateway.lookup.fill import Places
from gateway.lookup.people import OTHERS_NAMED, Found, People
from gateway.wire import time_to_wire

_VIET_NAM = timedelta(hours=7)


class Telling:
    """What the methods share whose answers hold several people."""

    def __init__(
        self,
        people: People,
        disclosures: Disclosures,
        places: Places,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        """`now`: seconds since 1970."""
        self.people = people
        self._disclosures = disclosures
        self._places = places
        self._recorder = recorder
        self._now = now

    def disclosure(self, call: Call, mask: Sequence[str]) -> Disclosure:
        """What is disclosed of each person. Raises CallerMistake, FieldNotGranted."""
        assert call.right is not None
        disclosure = self._disclosures.of(call.right, mask)
        if disclosure.related & OTHERS_NAMED.keys():
            # Everybody named is tagged, and the tags of 64 people who each name a hundred do not fit an entry.
            raise ArgumentInvalid(
                violations=[FieldViolation("field_mask", "names people beside the people: leave out such fields")]
            )
        return disclosure

    def in_scope(self, disclosure: Disclosure, person_ids: Sequence[int]) -> list[Found]:
        """Those of these people who may be seen, in order. Raises RegistryUnavailable."""
        if disclosure.owner:
            # Asked about nobody too, as 0, and nothing more is read of others: the time would tell whom there is.
            own = self.people.own(disclosure, person_ids or [0])
            person_ids = [person_id for person_id in person_ids if person_id in own]
        read = self.people.by_id(disclosure, person_ids) if person_ids else []
        return [found for found in read if found is not None and disclosure.in_scope(found.row)]

    def fill(self, disclosure: Disclosure, person: person_pb2.Person, found: Found) -> None:
        """Fill an empty person."""
        disclosure.fill(person, found.row, found.related, self._places)

    def today(self) -> date:
        """The day in Viet Nam."""
        return (datetime.fromtimestamp(self._now(), UTC) + _VIET_NAM).date()

    def answer(
        self,
        response: Any,
        disclosure: Disclosure,
        people: Sequence[Found],
        *,
        asked: str = "",
        beside: Iterable[int] = (),
    ) -> Answer:
        """The answer that tells of `people`; the number `asked`, and those tagged `beside` them, stand in its entry."""
        response.withheld.extend(disclosure.withheld)
        response.sources.extend(disclosure.sources)
        response.read_time.CopyFrom(time_to_wire(self._now()))
        tagged = list(dict.fromkeys([*beside, *(found.row[PERSON_ID] for found in people)]))
        return Answer(
            response,
            people=len(people),
            tags=self._recorder.person_tags(tagged),
            numbers=(asked,) if asked else (),
            person_ids=tagged,
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
        )

    def refused(self, response: Any, refusal: GatewayError, asked: str, beside: Iterable[int]) -> Answer:
        """The refusal that is an answer about people: its entry names the number asked for and those it is about."""
        tagged = list(beside)
        return Answer(
            response,
            tags=self._recorder.number_tags([asked]) + self._recorder.person_tags(tagged),
            numbers=(asked,),
            person_ids=tagged,
            refusal=refusal,
        )
