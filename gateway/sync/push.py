"""Owners write what they own: intent in the log, change in the registry, outcome in the log, in that order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.agency.policy import PolicyView
from gateway.api.v1 import person_pb2, reason_pb2, sync_service_pb2
from gateway.audit.entry import Kind
from gateway.catalogue import Catalogue, Leaf
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.errors import (
    ArgumentInvalid,
    FieldNotGranted,
    FieldNotOwned,
    FieldViolation,
    MaskEmpty,
)
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import PERSON_ID, only_scope
from gateway.lookup.number import check_number
from gateway.sync.write_barrier import WriteBarrier
from registry.datasets import ChangeKind, Dataset
from registry.writer import Outcome, OutcomeStatus, Update

_WRITABLE = frozenset({Dataset.SOCIAL_INSURANCE})
"""Datasets that the registry's writer takes by field; the others are loaded."""

_VIET_NAM = timedelta(hours=7)
_Result = sync_service_pb2.PushResult

_REFUSED = {
    OutcomeStatus.NOT_FOUND: reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE,
    OutcomeStatus.MALFORMED: reason_pb2.ERROR_REASON_ARGUMENT_INVALID,
}


class Pushing:
    """The use-case of Push."""

    def __init__(
        self,
        reading: ReadBarrier,
        writing: WriteBarrier,
        catalogue: Catalogue,
        view: Callable[[], PolicyView],
        recorder: Recorder,
        now_us: Callable[[], int],
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._catalogue = catalogue
        self._view = view
        self._recorder = recorder
        self._now_us = now_us

    async def push(self, call: Call, request: sync_service_pb2.PushRequest) -> Answer:
        """Write the items. Raises CallerMistake, Refused before anything is written; NotNow also after."""
        assert call.principal is not None
        assert call.right is not None
        leaves = self._leaves(call, request.update_mask.paths)
        _check_items(request.items)
        scope = only_scope(call.right.provinces, call.right.owner)
        numbers = [item.person.number for item in request.items]
        found = await self._reading.read(call.principal.agency, scope, numbers)
        person_ids = [row.row[PERSON_ID] if row is not None and scope.in_scope(row.row) else 0 for row in found]
        known = [person_id for person_id in person_ids if person_id]
        absent = [number for number, person_id in zip(numbers, person_ids, strict=True) if not person_id]
        tags = self._recorder.person_tags(known) + self._recorder.number_tags(absent)
        paths = [leaf.path for leaf in leaves]
        intent = Answer(
            sync_service_pb2.PushResponse(),
            people=len(known),
            tags=tags,
            numbers=numbers,
            person_ids=person_ids,
            fields=paths,
        )
        receipt = await asyncio.shield(self._recorder.answer(call, intent, Kind.PUSH_INTENT, b""))
        updates = self._updates(leaves, request.items, person_ids, receipt.index)
        outcomes = iter(await self._writing.apply(updates) if updates else [])
        response = sync_service_pb2.PushResponse()
        written = 0
        for item, person_id in zip(request.items, person_ids, strict=True):
            outcome = next(outcomes) if person_id else Outcome(OutcomeStatus.NOT_FOUND)
            written += outcome.status in (OutcomeStatus.APPLIED, OutcomeStatus.UNCHANGED)
            response.results.append(_result(item.reference, outcome))
        return Answer(
            response,
            people=written,
            tags=tags,
            numbers=numbers,
            person_ids=person_ids,
            fields=paths,
            note=f"intent {receipt.index}",
        )

    def _leaves(self, call: Call, mask: Sequence[str]) -> list[Leaf]:
        """What the mask writes: leaves of one dataset that the caller's class owns and its grant names."""
        assert call.principal is not None
        assert call.right is not None
        if not mask:
            raise MaskEmpty
        leaves = [
            self._catalogue.leaves[self._catalogue.leaf_of(path)]
            for path in sorted(self._catalogue.resolve(mask, "update_mask.paths"))
        ]
        owner = self._view().agency(call.principal.agency).agency_class
        foreign = [leaf.path for leaf in leaves if leaf.owner != owner]
        if foreign:
            raise FieldNotOwned(metadata={"fields": ",".join(foreign[:16])})
        withheld = [leaf.path for leaf in leaves if leaf.path not in call.right.fields]
        if withheld:
            raise FieldNotGranted(metadata={"fields": ",".join(withheld[:16])})
        if any("." not in leaf.path for leaf in leaves):
            # Only fields of a dataset message have a way into the registry.
            raise ArgumentInvalid(violations=[FieldViolation("update_mask", "names a field that cannot be pushed")])
        if len({leaf.dataset for leaf in leaves}) > 1:
            raise ArgumentInvalid(violations=[FieldViolation("update_mask", "must name fields of one dataset")])
        if leaves[0].dataset not in _WRITABLE:
            raise ArgumentInvalid(violations=[FieldViolation("update_mask", "names a dataset that is not pushed")])
        return leaves

    def _updates(
        self,
        leaves: Sequence[Leaf],
        items: Sequence[sync_service_pb2.PushItem],
        person_ids: Sequence[int],
        audit_index: int,
    ) -> list[Update]:
        now = self._now_us()
        day = datetime.fromtimestamp(now / 1_000_000, UTC) + _VIET_NAM
        dataset = Dataset(leaves[0].dataset)
        return [
            Update(
                dataset=dataset,
                values={"updated_on": int(day.strftime("%Y%m%d")), **_values(leaves, item.person)},
                kinds=int(ChangeKind.VALUES),
                made_at=now,
                person_id=person_id,
                audit_index=audit_index,
            )
            for item, person_id in zip(items, person_ids, strict=True)
            if person_id
        ]


def _values(leaves: Sequence[Leaf], person: person_pb2.Person) -> dict[str, Any]:
    """Column and value of each leaf `dataset.column`; None clears it."""
    values: dict[str, Any] = {}
    for leaf in leaves:
        top, _, column = leaf.path.partition(".")
        message = getattr(person, top)
        values[column] = getattr(message, column) if message.HasField(column) else None
    return values


def _check_items(items: Sequence[sync_service_pb2.PushItem]) -> None:
    references: set[str] = set()
    for position, item in enumerate(items):
        if item.reference in references:
            raise ArgumentInvalid(
                violations=[FieldViolation(f"items[{position}].reference", "stands twice in the request")]
            )
        references.add(item.reference)
        check_number(item.person.number, f"items[{position}].person.number")


def _result(reference: str, outcome: Outcome) -> _Result:
    if outcome.status is OutcomeStatus.APPLIED:
        status = sync_service_pb2.PUSH_OUTCOME_APPLIED
    elif outcome.status is OutcomeStatus.UNCHANGED:
        status = sync_service_pb2.PUSH_OUTCOME_UNCHANGED
    else:
        return _Result(
            reference=reference, outcome=sync_service_pb2.PUSH_OUTCOME_REFUSED, reason=_REFUSED[outcome.status]
        )
    return _Result(reference=reference, outcome=status, version=outcome.version or 0)
