"""Every question that is measured: its request for sampled people, and how the people of its answer count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from gateway.api.v1 import context_pb2, finding_pb2, lookup_service_pb2, verification_pb2
from tests.bench.stage import LEGAL_BASIS, PURPOSE
from tests.world import BASIC

SERVICE = "/gateway.api.v1.LookupService/"
BATCH_PEOPLE = 1000
BATCHES_IN_FLIGHT = 4
SINGLES_IN_FLIGHT = 32
SEARCHES_IN_FLIGHT = 16
"""As many of one agency's as a worker takes: two at work, the others waiting."""
CONTEXT = context_pb2.RequestContext(
    purpose=PURPOSE, legal_basis=LEGAL_BASIS, case_reference="BA-2026-001234", officer="nv-0457"
)
_MASK = FieldMask(paths=BASIC)

Sampled = Sequence[str]
"""Number, full name, birth date (yyyy-mm-dd) and sex (nam or nữ) of a person, as an agency has them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A method. `people`: asked about in one message. `count`: the people of an answer, as a caller looks at them."""

    people: int
    request: Callable[[Sequence[Sampled]], Message]
    answer: Any
    count: Callable[[Any], int]
    in_flight: int = SINGLES_IN_FLIGHT
    """How many messages are under way at once, over all clients."""

    def prepared(self, sample: Sequence[Sampled], messages_max: int) -> list[bytes]:
        """Requests about the sample, as bytes; at most so many."""
        starts = range(0, len(sample) - self.people + 1, self.people)[:messages_max]
        return [self.request(sample[at : at + self.people]).SerializeToString() for at in starts]

    def counted(self, raw: bytes) -> int:
        """The people of an answer."""
        return self.count(self.answer.FromString(raw))


def _look_up(sample: Sequence[Sampled]) -> Message:
    return lookup_service_pb2.LookUpPersonRequest(context=CONTEXT, number=sample[0][0], field_mask=_MASK)


def _batch_look_up(sample: Sequence[Sampled]) -> lookup_service_pb2.BatchLookUpPersonsRequest:
    numbers = [each[0] for each in sample]
    return lookup_service_pb2.BatchLookUpPersonsRequest(context=CONTEXT, field_mask=_MASK, numbers=numbers)


def _stream_look_up(sample: Sequence[Sampled]) -> Message:
    return lookup_service_pb2.StreamLookUpPersonsRequest(batch=_batch_look_up(sample))


def _verify(sample: Sequence[Sampled]) -> Message:
    number, name, birth_date, sex = sample[0]
    claims = (("name", name), ("birth_date", birth_date), ("sex", sex))
    return verification_pb2.VerifyPersonRequest(
        context=CONTEXT,
        number=number,
        claims=[verification_pb2.Claim(path=path, value=value) for path, value in claims],
    )


def _batch_verify(sample: Sequence[Sampled]) -> verification_pb2.BatchVerifyPersonsRequest:
    numbers, *columns = zip(*sample, strict=True)
    return verification_pb2.BatchVerifyPersonsRequest(
        context=CONTEXT,
        numbers=numbers,
        claims=[
            verification_pb2.ClaimColumn(path=path, values=values)
            for path, values in zip(("name", "birth_date", "sex"), columns, strict=True)
        ],
    )


def _stream_verify(sample: Sequence[Sampled]) -> Message:
    return verification_pb2.StreamVerifyPersonsRequest(batch=_batch_verify(sample))


def _household(sample: Sequence[Sampled]) -> Message:
    return finding_pb2.LookUpHouseholdRequest(context=CONTEXT, number=sample[0][0], field_mask=_MASK)


def _relatives(sample: Sequence[Sampled]) -> Message:
    return finding_pb2.LookUpRelativesRequest(context=CONTEXT, number=sample[0][0], field_mask=_MASK)


def _resolve(sample: Sequence[Sampled]) -> Message:
    return finding_pb2.ResolveNumberRequest(context=CONTEXT, number=sample[0][0], field_mask=_MASK)


def _search(sample: Sequence[Sampled]) -> Message:
    _, name, birth_date, _ = sample[0]
    year, month, day = map(int, birth_date.split("-"))
    return finding_pb2.SearchPersonsRequest(
        context=CONTEXT, name=name, birth_date=Date(year=year, month=month, day=day), field_mask=_MASK
    )


def _one(answer: Any) -> int:
    return int(answer.HasField("person"))


def _many(answer: Any) -> int:
    return sum([result.HasField("person") for result in answer.results])


def _all_matched(answer: Any) -> int:
    if answer.verdicts.strip(b"\x01"):
        raise RuntimeError("what an agency has of a person did not match")
    return int(answer.people_count)


METHODS: dict[str, Measured] = {
    "LookUpPerson": Measured(1, _look_up, lookup_service_pb2.LookUpPersonResponse, _one),
    "VerifyPerson": Measured(
        1, _verify, verification_pb2.VerifyPersonResponse, lambda answer: int(len(answer.verdicts) == 3)
    ),
    "LookUpHousehold": Measured(1, _household, finding_pb2.LookUpHouseholdResponse, lambda answer: len(answer.members)),
    "LookUpRelatives": Measured(
        1, _relatives, finding_pb2.LookUpRelativesResponse, lambda answer: len(answer.relatives)
    ),
    "ResolveNumber": Measured(1, _resolve, finding_pb2.ResolveNumberResponse, _one),
    "SearchPersons": Measured(
        1, _search, finding_pb2.SearchPersonsResponse, lambda answer: len(answer.candidates), SEARCHES_IN_FLIGHT
    ),
    "BatchLookUpPersons": Measured(
        BATCH_PEOPLE, _batch_look_up, lookup_service_pb2.BatchLookUpPersonsResponse, _many, BATCHES_IN_FLIGHT
    ),
    "StreamLookUpPersons": Measured(
        BATCH_PEOPLE,
        _stream_look_up,
        lookup_service_pb2.StreamLookUpPersonsResponse,
        lambda answer: _many(answer.batch),
        BATCHES_IN_FLIGHT,
    ),
    "BatchVerifyPersons": Measured(
        BATCH_PEOPLE, _batch_verify, verification_pb2.BatchVerifyPersonsResponse, _all_matched, BATCHES_IN_FLIGHT
    ),
    "StreamVerifyPersons": Measured(
        BATCH_PEOPLE,
        _stream_verify,
        verification_pb2.StreamVerifyPersonsResponse,
        lambda answer: _all_matched(answer.batch),
        BATCHES_IN_FLIGHT,
    ),
}
"""By the method's name, under which the gateway counts the people."""
