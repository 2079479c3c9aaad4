"""The requests that the load clients send: prepared once, as bytes."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.api.v1 import audit_service_pb2, context_pb2, lookup_service_pb2, person_pb2, sync_service_pb2
from tests.bench.stage import LEGAL_BASIS, PURPOSE, PUSHED
from tests.world import BASIC

LOOK_UP = "/gateway.api.v1.LookupService/LookUpPerson"
BATCH_LOOK_UP = "/gateway.api.v1.LookupService/BatchLookUpPersons"
STREAM_LOOK_UP = "/gateway.api.v1.LookupService/StreamLookUpPersons"
PULL = "/gateway.api.v1.SyncService/Pull"
PUSH = "/gateway.api.v1.SyncService/Push"
QUERY = "/gateway.api.v1.AuditService/QueryAccesses"
PAGE_PEOPLE = 1000

_PARTICIPATING = person_pb2.INSURANCE_STATUS_PARTICIPATING

_CONTEXT = context_pb2.RequestContext(
    purpose=PURPOSE, legal_basis=LEGAL_BASIS, case_reference="BA-2026-001234", officer="nv-0457"
)


def look_up(number: str) -> bytes:
    """One person, six basic fields."""
    return lookup_service_pb2.LookUpPersonRequest(
        context=_CONTEXT, number=number, field_mask=FieldMask(paths=BASIC)
    ).SerializeToString()


def batch_look_up(numbers: Sequence[str]) -> bytes:
    """As many people, six basic fields."""
    return _batch_look_up(numbers).SerializeToString()


def stream_look_up(numbers: Sequence[str]) -> bytes:
    """The same as a message of a stream."""
    return lookup_service_pb2.StreamLookUpPersonsRequest(batch=_batch_look_up(numbers)).SerializeToString()


def _batch_look_up(numbers: Sequence[str]) -> lookup_service_pb2.BatchLookUpPersonsRequest:
    return lookup_service_pb2.BatchLookUpPersonsRequest(
        context=_CONTEXT,
        field_mask=FieldMask(paths=BASIC),
        items=[lookup_service_pb2.LookUpItem(number=number) for number in numbers],
    )


def pull(cursor: bytes, fields: Sequence[str] = BASIC) -> bytes:
    """The page after a cursor."""
    return sync_service_pb2.PullRequest(
        context=_CONTEXT, cursor=cursor, field_mask=FieldMask(paths=fields), people_max=PAGE_PEOPLE
    ).SerializeToString()


def push(numbers: Sequence[str], value: str) -> bytes:
    """The same employer, at most 12 characters of A-Z and 0-9, for each of the numbers."""
    return sync_service_pb2.PushRequest(
        context=_CONTEXT,
        update_mask=FieldMask(paths=PUSHED),
        items=[
            sync_service_pb2.PushItem(
                reference=str(position),
                person=person_pb2.Person(
                    number=number,
                    social_insurance=person_pb2.SocialInsurance(status=_PARTICIPATING, employer_unit=value),
                ),
            )
            for position, number in enumerate(numbers)
        ],
    ).SerializeToString()


def query(number: str) -> bytes:
    """The newest hundred accesses to one person."""
    return audit_service_pb2.QueryAccessesRequest(context=_CONTEXT, number=number).SerializeToString()
