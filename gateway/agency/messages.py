"""Between the contract's messages and this role's values, with what the field rules of the contract cannot say."""

from __future__ import annotations

from dataclasses import asdict, fields

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.agency.field_sets import FieldSets
from gateway.agency.grants import GUESSES_PER_DAY_MAX, Grant, Leniency, Quota
from gateway.agency.predicates import parse_predicate
from gateway.agency.store import AgencyRecord
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.nearest import did_you_mean

GRANT_SECONDS_DEFAULT = 365 * 86400
GRANT_SECONDS_MAX = 10 * 365 * 86400
_QUOTA_FIELDS = tuple(field.name for field in fields(Quota))
_TIMESTAMP_MAX = 253_402_300_799  # the last second of year 9999, as of protobuf's Timestamp


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
    catalogue: Catalogue,
    sets: FieldSets,
    parent: Grant | None = None,
    streamed: frozenset[str] = frozenset(),
) -> Grant:
    """What the operator asked for, resolved. Raises ArgumentInvalid, FieldUnknown.

    `parent`: what it narrows. `streamed`: those of the methods that are streams.
    """
    for position, name in enumerate(message.methods):
        if name not in methods:
            said = f"is no method that a grant may hold{did_you_mean(name, methods)}"
            raise invalid(f"grant.methods[{position}]", said)
    if not message.methods:
        raise invalid("grant.methods", "must name methods that a grant may hold")
    if message.signed and not streamed.isdisjoint(message.methods):
        raise invalid("grant.signed", "cannot be demanded of methods that are streams")
    if not message.purposes or any(not purpose.legal_bases for purpose in message.purposes):
        raise invalid("grant.purposes", "must hold a purpose, and each purpose a legal basis")
    if any(len(code) != 2 or not (code.isascii() and code.isdigit()) for code in message.provinces):
        raise invalid("grant.provinces", "must be codes of two digits")
    if message.leniency not in agency_pb.MatchLeniency.values():
        raise invalid("grant.leniency", "must be one of the contract")
    if message.guesses_per_day > GUESSES_PER_DAY_MAX:
        raise invalid("grant.guesses_per_day", f"is at most {GUESSES_PER_DAY_MAX}")
    from_time, until_time = _period(message, now, parent)
    purposes: dict[str, frozenset[str]] = {}
    for granted in message.purposes:
        purposes[granted.purpose] = purposes.get(granted.purpose, frozenset()) | frozenset(granted.legal_bases)
    return Grant(
        grant_id=grant_id,
        methods=frozenset(message.methods),
        purposes=purposes,
        fields=catalogue.resolve(
            {
                *catalogue.resolve(message.fields, "grant.fields"),
                *sets.resolve(message.field_sets, "grant.field_sets"),
            },
            "grant.fields",
        ),
        provinces=frozenset(message.provinces),
        from_time=from_time,
        until_time=until_time,
        contract_digest=catalogue.digest,
        verify_fields=catalogue.resolve(
            {
                *_verify_fields(message, catalogue),
                *sets.resolve(message.verify_field_sets, "grant.verify_field_sets", verified=True),
            },
            "grant.verify_fields",
        ),
        predicates=_predicates(message),
        leniency=message.leniency or Leniency.EXACT,
        own_subjects=message.own_subjects,
        quotas=_quotas(message),
        guesses_per_day=message.guesses_per_day,
        field_sets=frozenset(message.field_sets),
        verify_field_sets=frozenset(message.verify_field_sets),
        narrows=message.narrows,
        unit=message.unit,
        system=message.system,
        signed=message.signed,
    )


def _verify_fields(message: agency_pb.Grant, catalogue: Catalogue) -> frozenset[str]:
    resolved = catalogue.resolve(message.verify_fields, "grant.verify_fields")
    refused = sorted(path for path in resolved if not catalogue.leaves[catalogue.leaf_of(path)].verifiable)
    if refused:
        raise invalid("grant.verify_fields", f"may not be verified: {', '.join(refused)}")
    return resolved


def _predicates(message: agency_pb.Grant) -> frozenset[str]:
    for position, text in enumerate(message.predicates):
        try:
            parse_predicate(text)
        except ValueError as error:
            raise invalid(f"grant.predicates[{position}]", str(error)) from None
    return frozenset(message.predicates)


def _quotas(message: agency_pb.Grant) -> tuple[Quota, ...]:
    """Each for another method of the grant; the one without a method is for all of them together."""
    seen: set[str] = set()
    for position, quota in enumerate(message.quotas):
        if quota.method in seen or (quota.method and quota.method not in message.methods):
            raise invalid(f"grant.quotas[{position}].method", "must be a method of the grant, each named once")
        if quota.calls_burst and not quota.calls_per_second:
            raise invalid(f"grant.quotas[{position}].calls_burst", "means nothing without calls_per_second")
        seen.add(quota.method)
    return tuple(Quota(**{name: getattr(quota, name) for name in _QUOTA_FIELDS}) for quota in message.quotas)


def _period(message: agency_pb.Grant, now: float, parent: Grant | None) -> tuple[int, int]:
    if message.HasField("from_time"):
        from_time = _seconds(message.from_time, "grant.from_time")
    else:
        from_time = int(now) if parent is None else max(int(now), parent.from_time)
    if message.HasField("until_time"):
        until_time = _seconds(message.until_time, "grant.until_time")
    elif parent is not None:
        until_time = parent.until_time
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
        field_sets=sorted(grant.field_sets),
        verify_field_sets=sorted(grant.verify_field_sets),
        narrows=grant.narrows,
        unit=grant.unit,
        system=grant.system,
        narrowed_by=grant.narrowed_by,
        signed=grant.signed,
    )


def agency_message(record: AgencyRecord) -> agency_pb.Agency:
    """An agency with its grants and credentials."""
    return agency_pb.Agency(
        code=record.code,
        name=record.name,
        agency_class=options_pb2.AgencyClass.Name(record.agency_class),
        pairwise=record.pairwise,
        revoked=record.revoked,
        units_count=record.units_count,
        grants=[grant_message(grant) for grant in record.grants],
        narrowings=[grant_message(grant) for grant in record.narrowings],
        credentials=[
            agency_pb.Credential(
                thumbprint=credential.thumbprint,
                unit=credential.unit,
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
