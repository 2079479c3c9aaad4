"""The methods of LookupService that find people by the people around them. Decoding and recording are the chain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.api.v1 import finding_pb2, person_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads, Turns
from gateway.errors import ArgumentInvalid, FieldViolation, PersonUnavailable, RegistryUnavailable
from gateway.lookup.disclosure import HOUSEHOLD_ID, PERSON_ID, VERSION, Disclosure, only_scope
from gateway.lookup.kin import kinships, of_kinds
from gateway.lookup.number import check_number
from gateway.lookup.people import Found
from gateway.lookup.telling import Telling
from registry.errors import RegistryError
from registry.finding import FindingStore, Member

PEOPLE_MAX = 64
"""People in one answer."""

# Of one agency on one worker.
FINDS_AT_ONCE = 4
FINDS_WAITING_MAX = 60


@dataclass(frozen=True, slots=True)
class Group:
    """Those in scope whom a question is about, and how each stands to the person asked about.

    `subject`: person_id of the person asked about, seen or not; None: nobody. `visible`: they may be told of.
    """

    subject: int | None
    visible: bool
    people: Sequence[Found] = ()
    kinships: Mapping[int, Sequence[int]] | None = None

    @property
    def beside(self) -> tuple[int, ...]:
        """The person asked about, who is tagged too."""
        return () if self.subject is None else (self.subject,)


class FindingMethods:
    """The behaviours of LookUpHousehold and LookUpRelatives."""

    def __init__(self, telling: Telling, store: FindingStore, threads: Threads) -> None:
        self._telling = telling
        self._store = store
        self._threads = threads
        self._turns = Turns(FINDS_AT_ONCE, FINDS_WAITING_MAX)

    async def LookUpHousehold(  # noqa: N802
        self, call: Call, request: finding_pb2.LookUpHouseholdRequest
    ) -> Answer:
        """The members of a household. One that is absent and one out of scope are answered alike."""
        assert call.principal is not None
        disclosure = self._telling.disclosure(call, request.field_mask.paths)
        if bool(request.number) == bool(request.household_number):
            raise ArgumentInvalid(violations=[FieldViolation("number", "or household_number is stated, not both")])
        if request.number:
            check_number(request.number)
        asked = request.number or request.household_number
        group = await self._threads.run(call.principal.agency, self._household, disclosure, request, within=self._turns)
        response = finding_pb2.LookUpHouseholdResponse(more=len(group.people) > PEOPLE_MAX)
        if not group.visible:
            return self._telling.refused(response, PersonUnavailable(), asked, group.beside)
        told = group.people[:PEOPLE_MAX]
        for found in told:
            member = response.members.add(version=found.row[VERSION])
            self._telling.fill(disclosure, member.person, found)
        return self._telling.answer(response, disclosure, told, asked=asked, beside=group.beside)

    async def LookUpRelatives(  # noqa: N802
        self, call: Call, request: finding_pb2.LookUpRelativesRequest
    ) -> Answer:
        """The relatives of a person. An absent person and one out of scope are answered alike."""
        assert call.principal is not None
        disclosure = self._telling.disclosure(call, request.field_mask.paths)
        check_number(request.number)
        for at, kinship in enumerate(request.kinships):
            if not kinship or kinship not in person_pb2.Kinship.values():
                raise ArgumentInvalid(violations=[FieldViolation(f"kinships[{at}]", "is no kinship of the contract")])
        group = await self._threads.run(call.principal.agency, self._relatives, disclosure, request, within=self._turns)
        response = finding_pb2.LookUpRelativesResponse()
        if not group.visible:
            return self._telling.refused(response, PersonUnavailable(), request.number, group.beside)
        told = group.people[:PEOPLE_MAX]
        for found in told:
            assert group.kinships is not None
            relative = response.relatives.add(version=found.row[VERSION])
            relative.kinships.extend(group.kinships[found.row[PERSON_ID]])  # type: ignore[arg-type]
            self._telling.fill(disclosure, relative.person, found)
        return self._telling.answer(response, disclosure, told, asked=request.number, beside=group.beside)

    def _household(self, disclosure: Disclosure, request: finding_pb2.LookUpHouseholdRequest) -> Group:
        try:
            if request.household_number:
                people = self._seen(disclosure, self._store.members_by_number(request.household_number))
                return Group(None, bool(people), people)
            subject, visible = self._subject(disclosure, request.number)
            if subject is None or not visible:
                return Group(None if subject is None else subject.row[PERSON_ID], False)
            return Group(subject.row[PERSON_ID], True, self._seen(disclosure, self._members(subject)))
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _relatives(self, disclosure: Disclosure, request: finding_pb2.LookUpRelativesRequest) -> Group:
        try:
            subject, visible = self._subject(disclosure, request.number)
            if subject is None or not visible:
                return Group(None if subject is None else subject.row[PERSON_ID], False)
            person_id = subject.row[PERSON_ID]
            links, members = self._store.relatives(person_id), self._members(subject)
            named = {person_id, *(relative for _, relative in links), *(member.person_id for member in members)}
            lives = self._store.lives(sorted(named))
            kin = of_kinds(kinships(person_id, links, members, lives, self._telling.today()), request.kinships)
            return Group(person_id, True, self._telling.in_scope(disclosure, list(kin)), kin)
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _subject(self, disclosure: Disclosure, number: str) -> tuple[Found | None, bool]:
        """Who has the number, and whether they may be told of."""
        scope = only_scope(disclosure.provinces, disclosure.owner)
        (found,) = self._telling.people.by_number(scope, [number])
        return found, found is not None and scope.in_scope(found.row)

    def _members(self, subject: Found) -> list[Member]:
        household_id = subject.row[HOUSEHOLD_ID]
        return [] if household_id is None else self._store.members(household_id)

    def _seen(self, disclosure: Disclosure, members: Sequence[Member]) -> list[Found]:
        # A household out of scope takes no further read, as one that does not exist.
        near = [one.person_id for one in members if not disclosure.provinces or one.scope in disclosure.provinces]
        return self._telling.in_scope(disclosure, near)
