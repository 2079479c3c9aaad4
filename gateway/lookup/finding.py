"""The methods of LookupService that find people by other people. Decoding and recording are the chain's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.api.v1 import finding_pb2, person_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.chain.turns import Turns
from gateway.errors import ArgumentInvalid, FieldViolation, PersonUnavailable, RegistryUnavailable
from gateway.lookup.disclosure import HOUSEHOLD_ID, PERSON_ID, VERSION, Disclosure, Disclosures, only_scope
from gateway.lookup.fill import Places
from gateway.lookup.kin import kinships, of_kinds
from gateway.lookup.number import check_number
from gateway.lookup.people import OTHERS_NAMED, Found, People
from gateway.wire import time_to_wire
from registry.errors import RegistryError
from registry.finding import FindingStore, Member

PEOPLE_MAX = 64
"""People in one answer."""

# Of one agency on one worker.
FINDS_AT_ONCE = 4
FINDS_WAITING_MAX = 60

_VIET_NAM = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class Group:
    """Those whom an answer tells of, at most PEOPLE_MAX, and how each stands to the person asked about.

    `subject`: person_id of the person asked about, seen or not; 0: nobody. `visible`: they may be told of.
    """

    subject: int
    visible: bool
    people: Sequence[Found] = ()
    kinships: Mapping[int, Sequence[int]] | None = None
    more: bool = False


class FindingMethods:
    """The behaviours of LookupService that find people."""

    def __init__(
        self,
        people: People,
        store: FindingStore,
        disclosures: Disclosures,
        places: Places,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        """`now`: seconds since 1970."""
        self._people = people
        self._store = store
        self._disclosures = disclosures
        self._places = places
        self._recorder = recorder
        self._now = now
        self._turns = Turns(FINDS_AT_ONCE, FINDS_WAITING_MAX)

    async def LookUpHousehold(  # noqa: N802
        self, call: Call, request: finding_pb2.LookUpHouseholdRequest
    ) -> Answer:
        """The members of a household. One that is absent and one out of scope are answered alike."""
        assert call.principal is not None
        disclosure = self._several(call, request.field_mask.paths)
        if bool(request.number) == bool(request.household_number):
            raise ArgumentInvalid(violations=[FieldViolation("number", "or household_number is stated, not both")])
        if request.number:
            check_number(request.number)
        group = await self._turns.in_thread(call.principal.agency, self._household, disclosure, request)
        response = finding_pb2.LookUpHouseholdResponse(more=group.more)
        for found in group.people:
            member = response.members.add(version=found.row[VERSION])
            disclosure.fill(member.person, found.row, found.related, self._places)
        return self._answer(response, disclosure, group, request.number or request.household_number)

    async def LookUpRelatives(  # noqa: N802
        self, call: Call, request: finding_pb2.LookUpRelativesRequest
    ) -> Answer:
        """The relatives of a person. An absent person and one out of scope are answered alike."""
        assert call.principal is not None
        disclosure = self._several(call, request.field_mask.paths)
        check_number(request.number)
        for at, kinship in enumerate(request.kinships):
            if not kinship or kinship not in person_pb2.Kinship.values():
                raise ArgumentInvalid(violations=[FieldViolation(f"kinships[{at}]", "is no kinship of the contract")])
        group = await self._turns.in_thread(call.principal.agency, self._relatives, disclosure, request)
        response = finding_pb2.LookUpRelativesResponse()
        for found in group.people:
            assert group.kinships is not None
            relative = response.relatives.add(version=found.row[VERSION])
            relative.kinships.extend(group.kinships[found.row[PERSON_ID]])  # type: ignore[arg-type]
            disclosure.fill(relative.person, found.row, found.related, self._places)
        return self._answer(response, disclosure, group, request.number)

    def _several(self, call: Call, mask: Sequence[str]) -> Disclosure:
        """What is disclosed of each of several people. Raises CallerMistake, FieldNotGranted."""
        assert call.right is not None
        disclosure = self._disclosures.of(call.right, mask)
        if disclosure.related & OTHERS_NAMED.keys():
            # Everybody named is tagged, and the tags of 64 people who each name a hundred do not fit an entry.
            raise ArgumentInvalid(
                violations=[FieldViolation("field_mask", "names people beside the people: leave out such fields")]
            )
        return disclosure

    def _household(self, disclosure: Disclosure, request: finding_pb2.LookUpHouseholdRequest) -> Group:
        try:
            if request.household_number:
                people, more = self._read_members(disclosure, self._store.members_by_number(request.household_number))
                return Group(0, bool(people), people, more=more)
            subject = self._subject(disclosure, request.number)
            if subject is None or not disclosure.in_scope(subject.row):
                return Group(0 if subject is None else subject.row[PERSON_ID], False)
            people, more = self._read_members(disclosure, self._members(subject))
            return Group(subject.row[PERSON_ID], True, people, more=more)
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _relatives(self, disclosure: Disclosure, request: finding_pb2.LookUpRelativesRequest) -> Group:
        try:
            subject = self._subject(disclosure, request.number)
            if subject is None or not disclosure.in_scope(subject.row):
                return Group(0 if subject is None else subject.row[PERSON_ID], False)
            person_id = subject.row[PERSON_ID]
            links, members = self._store.relatives(person_id), self._members(subject)
            named = {person_id, *(relative for _, relative in links), *(member.person_id for member in members)}
            lives = self._store.lives(sorted(named))
            found = of_kinds(kinships(person_id, links, members, lives, self._today()), request.kinships)
            people, more = self._read(disclosure, list(found))
            return Group(person_id, True, people, found, more)
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _subject(self, disclosure: Disclosure, number: str) -> Found | None:
        (found,) = self._people.by_number(only_scope(disclosure.provinces), [number])
        return found

    def _members(self, subject: Found) -> list[Member]:
        household_id = subject.row[HOUSEHOLD_ID]
        return [] if household_id is None else self._store.members(household_id)

    def _read_members(self, disclosure: Disclosure, members: Sequence[Member]) -> tuple[list[Found], bool]:
        # A household out of scope takes no further read, as one that does not exist.
        near = [one.person_id for one in members if not disclosure.provinces or one.scope in disclosure.provinces]
        return self._read(disclosure, near)

    def _read(self, disclosure: Disclosure, person_ids: Sequence[int]) -> tuple[list[Found], bool]:
        """Those in scope, at most PEOPLE_MAX, in order, and whether there are more."""
        read = self._people.by_id(disclosure, person_ids) if person_ids else []
        seen = [found for found in read if found is not None and disclosure.in_scope(found.row)]
        return seen[:PEOPLE_MAX], len(seen) > PEOPLE_MAX

    def _today(self) -> date:
        return (datetime.fromtimestamp(self._now(), UTC) + _VIET_NAM).date()

    def _answer(self, response: Any, disclosure: Disclosure, group: Group, asked: str) -> Answer:
        """The answer with everybody in it tagged, the person asked about too, or the refusal that stands for it."""
        ids = [found.row[PERSON_ID] for found in group.people]
        tagged = list(dict.fromkeys([group.subject, *ids] if group.subject else ids))
        if not group.visible:
            return Answer(
                response,
                tags=self._recorder.number_tags([asked]) + self._recorder.person_tags(tagged),
                numbers=(asked,),
                person_ids=tagged,
                refusal=PersonUnavailable(),
            )
        response.withheld.extend(disclosure.withheld)
        response.read_time.CopyFrom(time_to_wire(self._now()))
        return Answer(
            response,
            people=len(ids),
            tags=self._recorder.person_tags(tagged),
            numbers=(asked,),
            person_ids=tagged,
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
        )
