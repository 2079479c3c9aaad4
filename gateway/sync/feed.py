"""What a follower gets: first everybody in scope as a snapshot, then the changes, page by page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.api.v1 import sync_service_pb2
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer, Call
from gateway.chain.pauses import company
from gateway.chain.record import Recorder
from gateway.chain.turns import Threads
from gateway.config import PEOPLE_PER_MESSAGE_MAX, PEOPLE_PER_RELATED_PAGE_MAX, PEOPLE_PER_SLICE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation, RegistryUnavailable
from gateway.lookup.disclosure import FOREIGN, NUMBER, PERSON_ID, VERSION, Disclosure, Disclosures
from gateway.lookup.fill import Places
from gateway.lookup.people import OTHERS_NAMED, Found, People
from gateway.sync.cursor import Cursor, CursorKey, Phase
from gateway.wire import time_to_wire
from registry.datasets import ChangeKind, Dataset
from registry.errors import RegistryError
from registry.people import PeopleStore


@dataclass(slots=True)
class _Page:
    """A page as read: who, the numbers they held before, and where the next page begins."""

    found: list[Found]
    kind: int
    superseded: dict[int, list[str]]
    after: Cursor
    more: bool


class Feed:
    """Pages for followers."""

    def __init__(
        self,
        people: People,
        registry: PeopleStore,
        cursors: CursorKey,
        disclosures: Disclosures,
        catalogue: Catalogue,
        places: Places,
        recorder: Recorder,
        threads: Threads,
    ) -> None:
        self._people = people
        self._registry = registry
        self._cursors = cursors
        self._disclosures = disclosures
        self._catalogue = catalogue
        self._places = places
        self._recorder = recorder
        self._threads = threads

    async def pull(self, call: Call, request: sync_service_pb2.PullRequest) -> Answer:
        """The next page. Raises CallerMistake, Refused, RegistryUnavailable."""
        assert call.principal is not None
        assert call.right is not None
        limit = request.people_max or PEOPLE_PER_MESSAGE_MAX
        if limit > PEOPLE_PER_MESSAGE_MAX:
            raise ArgumentInvalid(violations=[FieldViolation("people_max", f"is at most {PEOPLE_PER_MESSAGE_MAX}")])
        disclosure = self._disclosures.of(call.right, request.field_mask.paths)
        if "number" not in disclosure.paths:
            raise ArgumentInvalid(
                violations=[FieldViolation("field_mask", "must name `number`, the key of the copy, and be granted it")]
            )
        if disclosure.related & OTHERS_NAMED.keys():
            limit = min(limit, PEOPLE_PER_RELATED_PAGE_MAX)
        scope = {*disclosure.provinces, FOREIGN} if disclosure.owner else disclosure.provinces
        binding = self._cursors.binding(call.principal.agency, disclosure.paths, scope)
        cursor = self._cursors.open(request.cursor, binding) if request.cursor else None
        read_at = time.time()
        page = await self._threads.run(call.principal.agency, self._read, disclosure, cursor, limit)
        response = sync_service_pb2.PullResponse(
            next_cursor=self._cursors.seal(page.after, binding), more=page.more, withheld=disclosure.withheld
        )
        response.current_through_time.CopyFrom(time_to_wire(read_at))
        for begin in range(0, len(page.found), PEOPLE_PER_SLICE_MAX):
            self._fill(response, disclosure, page, page.found[begin : begin + PEOPLE_PER_SLICE_MAX])
            await company.give_way()
        person_ids = [found.row[PERSON_ID] for found in page.found]
        subjects = [person_id for found in page.found for person_id in found.subjects()]
        return Answer(
            response,
            people=len(page.found),
            tags=self._recorder.person_tags(list(dict.fromkeys(subjects))),
            person_ids=person_ids,
            fields=disclosure.paths,
            withheld=[item.path for item in disclosure.withheld],
        )

    def _fill(
        self, response: sync_service_pb2.PullResponse, disclosure: Disclosure, page: _Page, part: Sequence[Found]
    ) -> None:
        for found in part:
            pulled = response.people.add()
            pulled.version = found.row[VERSION]
            if disclosure.tokens is None:  # a token stays when the number changes
                pulled.superseded_numbers.extend(page.superseded.get(found.row[PERSON_ID], ()))
            if disclosure.in_scope(found.row):
                pulled.kind = page.kind  # type: ignore[assignment]
                disclosure.fill(pulled.person, found.row, found.related, self._places)
            else:
                pulled.kind = sync_service_pb2.PULL_KIND_REMOVED
                tokens = disclosure.tokens
                pulled.person.number = found.row[NUMBER] if tokens is None else tokens.person(found.row[PERSON_ID])

    def _read(self, disclosure: Disclosure, cursor: Cursor | None, limit: int) -> _Page:
        try:
            if cursor is None:
                # Noted before the first page: a change during the snapshot is found again afterwards.
                cursor = Cursor(Phase.SNAPSHOT, 0, self._registry.last_position())
            if cursor.phase is Phase.SNAPSHOT:
                return self._snapshot(disclosure, cursor, limit)
            return self._changes(disclosure, cursor, limit)
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _snapshot(self, disclosure: Disclosure, cursor: Cursor, limit: int) -> _Page:
        found = self._people.page(disclosure, cursor.person_id, limit)
        if len(found) == limit:
            after = Cursor(Phase.SNAPSHOT, found[-1].row[PERSON_ID], cursor.position)
            return _Page(found, sync_service_pb2.PULL_KIND_SNAPSHOT, {}, after, True)
        after = Cursor(Phase.CHANGES, 0, cursor.position)
        more = self._registry.last_position() > cursor.position
        return _Page(found, sync_service_pb2.PULL_KIND_SNAPSHOT, {}, after, more)

    def _changes(self, disclosure: Disclosure, cursor: Cursor, limit: int) -> _Page:
        datasets = {Dataset(self._catalogue.leaves[self._catalogue.leaf_of(path)].dataset) for path in disclosure.paths}
        if disclosure.provinces:
            # A move may take the person out of the follower's scope, whatever it follows.
            datasets.add(Dataset.RESIDENCE)
        changes = self._registry.changes(cursor.position, limit, datasets, disclosure.provinces or None)
        kinds: dict[int, int] = {}
        for _position, person_id, _version, _dataset, kind, *_ in changes.rows:
            kinds[person_id] = kinds.get(person_id, 0) | kind
        # Who was never enrolled, or is no more, is none of the follower's business, leaving included.
        own = self._people.own(disclosure, list(kinds))
        kinds = {person_id: kind for person_id, kind in kinds.items() if person_id in own}
        found = self._people.by_id(disclosure, list(kinds)) if kinds else []
        renumbered = [person_id for person_id, kind in kinds.items() if kind & ChangeKind.NUMBER]
        superseded = {
            person_id: [number for _id, number, _from, until in rows if until is not None]
            for person_id, rows in (self._registry.numbers(renumbered) if renumbered else {}).items()
        }
        after = Cursor(Phase.CHANGES, 0, changes.through)
        return _Page(
            [person for person in found if person is not None],
            sync_service_pb2.PULL_KIND_CHANGED,
            superseded,
            after,
            self._registry.last_position() > changes.through,
        )
