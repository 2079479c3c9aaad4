"""Between the contract's messages and this role's values, with what the field rules of the contract cannot say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, fields

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.agency.grants import Grant, Leniency, Quota
from gateway.agency.store import AgencyRecord
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.errors import ArgumentInvalid, FieldViolation

GRANT_SECONDS_DEFAULT = 365 * 86400
GRANT_SECONDS_MAX = 10 * 365 * 86400
_QUOTA_FIELDS = tuple(field.name for field in fields(Quota))
_TIMESTAMP_MAX = 253_402_300_799  # the last second of year 9999, as of protobuf's Timestamp

ResolveFields = Callable[[Sequence[str]], tuple[Collection[str], bytes]]
"""Paths of `Person` to leaf paths and the contract's digest (32 bytes). Raises FieldUnknown."""


def timestamp(unix_seconds: float) -> Timestamp:
    """Whole seconds; the parts that clients compare with are no finer."""
    return Timestamp(seconds=int(unix_seconds))


def require_class(agency_class: int) -> int:
    """Raises ArgumentInvalid unless the contract has this class."""
    if agency_class == 0 or agency_class not in options_pb2.AgencyClass.values():
        raise invalid("agency.agency_class", "must name a class of the contract")
    return agency_class


def grant_from_message(
    message: agency_pb.Grant,
    grant_id: int,
    now: float,
    methods: frozenset[str],
    resolve_fields: ResolveFields,
) -> Grant:
    """What the operator asked for, resolved. Raises ArgumentInvalid, FieldUnknown."""
    unknown = [name for name in message.methods if name not in methods]
    if unknown or not message.methods:
        raise invalid("grant.methods", "must name methods that a grant may hold")
    if not message.purposes or any(not purpose.legal_bases for purpose in message.purposes):
        raise invalid("grant.purposes", "must hold a purpose, and each purpose a legal basis")
    if any(len(code) != 2 or not (code.isascii() and code.isdigit()) for code in message.provinces):
        raise invalid("grant.provinces", "must be codes of two digits")
    from_time, until_time = _period(message, now)
    paths, contract_digest = resolve_fields(list(message.fields))
    verify_fields, _ = resolve_fields(list(message.verify_fields))
    purposes: dict[str, frozenset[str]] = {}
    for granted in message.purposes:
        purposes[granted.purpose] = purposes.get(granted.purpose, frozenset()) | frozenset(granted.legal_bases)
    return Grant(
        grant_id=grant_id,
        methods=frozenset(message.methods),
        purposes=purposes,
        fields=frozenset(paths),
        provinces=frozenset(message.provinces),
        from_time=from_time,
        until_time=until_time,
        contract_digest=contract_digest,
        verify_fields=frozenset(verify_fields),
        predicates=frozenset(message.predicates),
        leniency=message.leniency or Leniency.EXACT,
        own_subjects=message.own_subjects,
        quotas=tuple(_quota(quota) for quota in message.quotas),
        guesses_per_day=message.guesses_per_day,
    )


def _quota(message: agency_pb.Quota) -> Quota:
    return Quota(**{name: getattr(message, name) for name in _QUOTA_FIELDS})


def _period(message: agency_pb.Grant, now: float) -> tuple[int, int]:
    from_time = _seconds(message.from_time, "grant.from_time") if message.HasField("from_time") else int(now)
    if message.HasField("until_time"):
        until_time = _seconds(message.until_time, "grant.until_time")
    else:
        until_time = from_time + GRANT_SECONDS_DEFAULT
    if not from_time < until_time <= from_time + GRANT_SECONDS_MAX:
        raise invalid("grant.until_time", "must be after the beginning, at most ten years")
    if until_time <= now:
        raise invalid("grant.until_time", "must not have passed")
    return from_time, until_time


def _seconds(value: Timestamp, field: str) -> int:
    if not 0 <= value.seconds <= _TIMESTAMP_MAX or value.nanos != 0:
        raise invalid(field, "must be whole seconds since 1970")
    return value.seconds


def grant_message(grant: Grant) -> agency_pb.Grant:
    """A grant as operators see it, lists sorted."""
    return agency_pb.Grant(
        grant_id=grant.grant_id,
        methods=sorted(grant.methods),
        purposes=[
            agency_pb.GrantedPurpose(purpose=purpose, legal_bases=sorted(bases))
            for purpose, bases in sorted(grant.purposes.items())
        ],
        fields=sorted(grant.fields),
        provinces=sorted(grant.provinces),
        from_time=timestamp(grant.from_time),
        until_time=timestamp(grant.until_time),
        contract_digest=grant.contract_digest,
        verify_fields=sorted(grant.verify_fields),
        predicates=sorted(grant.predicates),
        leniency=agency_pb.MatchLeniency.Name(grant.leniency),
        own_subjects=grant.own_subjects,
        quotas=[agency_pb.Quota(**asdict(quota)) for quota in grant.quotas],
        guesses_per_day=grant.guesses_per_day,
    )


def agency_message(record: AgencyRecord) -> agency_pb.Agency:
    """An agency with its grants and credentials."""
    return agency_pb.Agency(
        code=record.code,
        name=record.name,
        agency_class=options_pb2.AgencyClass.Name(record.agency_class),
        revoked=record.revoked,
        grants=[grant_message(grant) for grant in record.grants],
        credentials=[
            agency_pb.Credential(
                thumbprint=credential.thumbprint,
                system=credential.system,
                issued_time=timestamp(credential.issued_at),
                expires_time=timestamp(credential.expires_at),
                revoked=credential.revoked,
            )
            for credential in record.credentials
        ],
    )


def invalid(field: str, description: str) -> ArgumentInvalid:
    """The error that names one malformed field, without its value."""
    return ArgumentInvalid(violations=[FieldViolation(field, description)])
