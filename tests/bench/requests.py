"""The requests of followers, owners and auditors, as bytes; `methods` has those about people by number."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.api.v1 import audit_service_pb2, person_pb2, sync_service_pb2
from tests.bench.methods import CONTEXT
from tests.bench.stage import PUSHED
from tests.world import BASIC

PULL = "/gateway.api.v1.SyncService/Pull"
PUSH = "/gateway.api.v1.SyncService/Push"
QUERY = "/gateway.api.v1.AuditService/QueryAccesses"
PAGE_PEOPLE = 1000

_PARTICIPATING = person_pb2.INSURANCE_STATUS_PARTICIPATING


def pull(cursor: bytes, fields: Sequence[str] = BASIC) -> bytes:
    """The page after a cursor."""
    return sync_service_pb2.PullRequest(
        context=CONTEXT, cursor=cursor, field_mask=FieldMask(paths=fields), people_max=PAGE_PEOPLE
    ).SerializeToString()


def push(numbers: Sequence[str], value: str) -> bytes:
    """The same employer, at most 12 characters of A-Z and 0-9, for each of the numbers."""
    return sync_service_pb2.PushRequest(
        context=CONTEXT,
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
    return audit_service_pb2.QueryAccessesRequest(context=CONTEXT, number=number).SerializeToString()
