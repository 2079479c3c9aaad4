"""The accounting identity at a quiet moment: what /metrics counted is what the offline verifier finds in the log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import grpc

from gateway.agency.bootstrap import enrol_locally
from gateway.audit.entry import Entry, Kind, agency_of
from gateway.audit.verify import verify
from gateway.chain import WRITE_SECONDS
from gateway.start import trust_of
from tests.caller import LOOK_UP, PULL, PUSH, Caller, look_up_request, pull_request, push_request
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
INSURANCE = AGENCIES["insurance"].context


def _settled(gateway: Gateway) -> list[Entry]:
    """The log, once nothing of it waits to be published."""
    deadline = time.monotonic() + 10
    while True:
        entries = gateway.log()
        if gateway.metric("gateway_audit_entries_total") == len(entries):
            return entries
        assert time.monotonic() < deadline, "the log did not come to rest"
        time.sleep(0.1)


def _sum(entries: list[Entry], agency: str, method: str, kind: Kind) -> tuple[int, int]:
    found = [
        entry for entry in entries if (agency_of(entry.agency), entry.method, entry.kind) == (agency, method, kind)
    ]
    return len(found), sum(entry.people for entry in found)


def test_counters_and_log_agree_for_every_agency_and_method(
    gateway: Gateway, hospital: Caller, insurance: Caller, tmp_path: Path
) -> None:
    unit = tmp_path / "unit"
    enrol_locally(gateway.state, "hospital", "", unit, time.time(), trust_of(gateway.settings), "bach-mai")
    with Caller(unit, gateway.address).with_token() as caller:
        reply = caller.look_up(number_of(203), ["name"], HOSPITAL)
        assert caller.look_up(number_of(203), [], HOSPITAL).reason == "MASK_EMPTY"
    call: Any = hospital.channel.unary_unary(LOOK_UP)
    metadata = (("authorization", f"Bearer {hospital.token}"),)
    requests = [look_up_request(number_of(at), ["name"], HOSPITAL).SerializeToString() for at in range(101, 201)]
    futures = [call.future(request, metadata=metadata, timeout=30) for request in requests]
    assert {future.code() for future in futures} == {grpc.StatusCode.OK}
    insurance.call(PULL, pull_request(["number"], INSURANCE, people_max=321))
    insurance.call(
        PUSH, push_request([number_of(201), number_of(202)], ["social_insurance.status"], INSURANCE, status=1)
    )

    entries = _settled(gateway)
    (asked,) = [entry for entry in entries if entry.call_id.hex() == reply.call_id]
    assert asked.agency == "hospital/bach-mai"
    assert not gateway.metric("gateway_calls_total", agency="hospital/bach-mai")
    assert not gateway.metric("gateway_refusals_total", agency="hospital/bach-mai")
    directory = gateway.state / "audit"
    report = verify(str(directory), (directory / "log.vkey").read_text().strip())
    for (agency, method), disclosed in report.disclosed.items():
        labels = {"agency": agency, "method": method}
        assert gateway.metric("gateway_calls_total", **labels) == disclosed.entries
        assert gateway.metric("gateway_people_served_total", **labels) == disclosed.people
        assert _sum(entries, agency, method, Kind.DISCLOSURE) == (disclosed.entries, disclosed.people)
    for agency in AGENCIES:
        pushed, written = _sum(entries, agency, "Push", Kind.PUSH_OUTCOME)
        assert gateway.metric("gateway_calls_total", agency=agency, method="Push") == pushed
        assert gateway.metric("gateway_people_written_total", agency=agency, method="Push") == written
    total = sum(disclosed.people for disclosed in report.disclosed.values())
    assert gateway.metric("gateway_people_served_total") == report.people == total


def test_failures_that_nobody_foresaw_are_none(gateway: Gateway) -> None:
    assert gateway.metric("gateway_failures_total") == 0
    assert gateway.metric("gateway_refusals_total", reason="INTERNAL") == 0
    assert b"Traceback" not in gateway.output()


def test_time_in_the_gateway_is_measured_for_every_method(gateway: Gateway, hospital: Caller) -> None:
    time.sleep(2 * WRITE_SECONDS)  # by then the times of calls before are written
    before = gateway.metric("gateway_call_seconds_count", method="LookUpPerson")
    hospital.look_up(number_of(1), ["name"], HOSPITAL)
    hospital.look_up(number_of(1), [], HOSPITAL)
    assert gateway.counted("gateway_call_seconds_count", before + 2, method="LookUpPerson") == before + 2
