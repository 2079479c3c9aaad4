"""Grants that demand a signature of each request under them, against a real gateway."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from gateway.agency.signatures import SIGNATURE_KEY
from gateway.api.v1 import lookup_service_pb2
from gateway.audit.entry import Kind
from tests.caller import BATCH_LOOK_UP, LOOK_UP, Caller, look_up_request
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of


def test_a_grant_demands_what_the_contract_does_not(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    notary, context = caller_of("notary"), AGENCIES["notary"].context
    request = look_up_request(number_of(39), ("name",), context).SerializeToString()
    assert notary.call(LOOK_UP, request).reason == "SIGNATURE_MISSING"
    assert notary.call(LOOK_UP, request, metadata=[(SIGNATURE_KEY, "")]).reason == "SIGNATURE_MALFORMED"
    moved = notary.call(LOOK_UP, request, metadata=[(SIGNATURE_KEY, notary.signature(BATCH_LOOK_UP, request))])
    assert moved.reason == "SIGNATURE_FOREIGN"
    text = notary.signature(LOOK_UP, request)
    answered = notary.call(LOOK_UP, request, metadata=[(SIGNATURE_KEY, text)])
    assert answered.code is grpc.StatusCode.OK, answered
    assert notary.call(LOOK_UP, request, metadata=[(SIGNATURE_KEY, text)]).reason == "CALL_REPLAYED"
    receipt = lookup_service_pb2.LookUpPersonResponse.FromString(answered.body).receipt
    entry, detail = gateway.entry(receipt.index)
    assert entry.kind is Kind.DISCLOSURE
    assert detail is not None
    assert detail.signed is not None
    assert (detail.signed.jws, detail.signed.request) == (text, request)
    # An answer that is no uses the signature up, too: somebody was asked about.
    absent = look_up_request("001190999998", ("name",), context).SerializeToString()
    text = notary.signature(LOOK_UP, absent)
    reasons = [notary.call(LOOK_UP, absent, metadata=[(SIGNATURE_KEY, text)]).reason for _ in range(2)]
    assert reasons == ["PERSON_UNAVAILABLE", "CALL_REPLAYED"]
