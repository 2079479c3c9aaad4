"""The methods of LookupService that find people by old numbers and by what is known of them."""

from __future__ import annotations

from functools import partial

from gateway.api.v1 import finding_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads, Turns
from gateway.errors import PersonUnavailable, RegistryUnavailable
from gateway.lookup.criteria import RELATIVES, Searching
from gateway.lookup.disclosure import PERSON_ID, VERSION, Disclosure
from gateway.lookup.errors import NumberAmbiguous
from gateway.lookup.number import check_number
from gateway.lookup.older import kinds_of
from gateway.lookup.people import Found
from gateway.lookup.ranking import Match, Wanted
from gateway.lookup.telling import Telling
from registry.errors import RegistryError
from registry.searching import NumberKind, SearchStore

# Of one agency on one worker. A search compares up to ten thousand people, some 50 ms of the worker's time.
SEARCHES_AT_ONCE = 2
SEARCHES_WAITING_MAX = 14
RESOLVES_AT_ONCE = 4
RESOLVES_WAITING_MAX = 60


class SearchMethods:
    """The behaviours of ResolveNumber and SearchPersons."""

    def __init__(self, telling: Telling, store: SearchStore, searching: Searching, threads: Threads) -> None:
        self._telling = telling
        self._store = store
        self._searching = searching
        self._threads = threads
        self._searches = Turns(SEARCHES_AT_ONCE, SEARCHES_WAITING_MAX)
        self._resolves = Turns(RESOLVES_AT_ONCE, RESOLVES_WAITING_MAX)

    async def ResolveNumber(  # noqa: N802
        self, call: Call, request: finding_pb2.ResolveNumberRequest
    ) -> Answer:
        """Who has or had a number. Nobody and nobody in scope are answered alike; of several nobody is told."""
        assert call.principal is not None
        disclosure = self._telling.disclosure(call, request.field_mask.paths)
        kinds = kinds_of(request.number, request.kind)
        if NumberKind.PERSONAL in kinds:
            check_number(request.number)
        holders, people = await self._threads.run(
            call.principal.agency, self._holders, disclosure, request.number, kinds, within=self._resolves
        )
        response = finding_pb2.ResolveNumberResponse()
        if not people:
            return self._telling.refused(response, PersonUnavailable(), request.number, holders)
        if len(people) > 1:
            refusal = NumberAmbiguous(metadata={"candidates": str(len(people))})
            return self._telling.refused(response, refusal, request.number, holders)
        (found,) = people
        response.version = found.row[VERSION]
        response.kinds.extend(sorted(holders[found.row[PERSON_ID]]))  # type: ignore[arg-type]
        self._telling.fill(disclosure, response.person, found)
        return self._telling.answer(response, disclosure, people, asked=request.number)

    async def SearchPersons(  # noqa: N802
        self, call: Call, request: finding_pb2.SearchPersonsRequest
    ) -> Answer:
        """Who may be meant. Raises TooManyFound, and tells of nobody, when more match than an answer holds."""
        assert call.principal is not None
        assert call.right is not None
        disclosure = self._telling.disclosure(call, request.field_mask.paths)
        wanted = self._searching.check(call.right, request, self._telling.today())
        matches, people = await self._threads.run(
            call.principal.agency, self._found, disclosure, wanted, request.sex, within=self._searches
        )
        response = finding_pb2.SearchPersonsResponse()
        for found in people:
            match = matches[found.row[PERSON_ID]]
            candidate = response.candidates.add(score=match.score, version=found.row[VERSION])
            candidate.reasons.extend(match.reasons)  # type: ignore[arg-type]
            self._telling.fill(disclosure, candidate.person, found)
        parents = [parent for found in people for parent in matches[found.row[PERSON_ID]].parents]
        answer = self._telling.answer(response, disclosure, people, beside=parents)
        if parents and RELATIVES not in answer.fields:
            answer.fields = (*answer.fields, RELATIVES)  # as the grant has to cover: what was compared is told, too
        return answer

    def _holders(
        self, disclosure: Disclosure, number: str, kinds: tuple[NumberKind, ...]
    ) -> tuple[dict[int, list[NumberKind]], list[Found]]:
        """Everybody who has or had the number, with the kinds it is to them, and those who may be seen."""
        holders: dict[int, list[NumberKind]] = {}
        near: list[int] = []
        try:
            for kind in kinds:
                for person_id, scope in self._store.holders(kind, number).items():
                    holders.setdefault(person_id, []).append(kind)
                    if not disclosure.provinces or scope in disclosure.provinces:
                        near.append(person_id)
        except RegistryError as error:
            raise RegistryUnavailable from error
        return holders, self._telling.in_scope(disclosure, list(dict.fromkeys(near)))

    def _found(self, disclosure: Disclosure, wanted: Wanted, sex: int) -> tuple[dict[int, Match], list[Found]]:
        try:
            own = partial(self._telling.people.own, disclosure)
            matches = self._searching.find(wanted, sex, disclosure.provinces, own)
        except RegistryError as error:
            raise RegistryUnavailable from error
        return {match.person_id: match for match in matches}, self._telling.in_scope(
            disclosure, [match.person_id for match in matches]
        )
