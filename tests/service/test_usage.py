"""Statements over a real log: exact for batches, equal to the counters, told to nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import grpc

from gateway.api.v1 import lookup_service_pb2, usage_service_pb2
from gateway.client import Context, Identity, UsageStatement, connect
from tests.caller import BATCH_LOOK_UP, Caller, Reply
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.world import number_of

USAGE = "/gateway.api.v1.UsageService/GetUsageStatement"
TELECOM = AGENCIES["telecom"].context
MONTH = f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m}"


def batch(caller: Caller, numbers: list[str], fields: list[str]) -> lookup_service_pb2.BatchLookUpPersonsResponse:
    request = lookup_service_pb2.BatchLookUpPersonsRequest(context=TELECOM.message())
    request.field_mask.paths.extend(fields)
    for number in numbers:
        request.items.add(number=number)
    reply = caller.call(BATCH_LOOK_UP, request)
    assert reply.code is grpc.StatusCode.OK, reply
    return lookup_service_pb2.BatchLookUpPersonsResponse.FromString(reply.body)


def ask(caller: Caller, agency: str, month: str, context: Context) -> Reply:
    request = usage_service_pb2.GetUsageStatementRequest(context=context.message(), agency=agency, month=month)
    return caller.call(USAGE, request)


def settle(gateway: Gateway) -> None:
    """Wait until nothing of the log waits to be published."""
    deadline = time.monotonic() + 20
    while gateway.metric("gateway_audit_lag_entries"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def statement(gateway: Gateway, agency: str) -> UsageStatement:
    async with connect(Identity.from_folder(gateway.identity("operator")), gateway.address) as client:
        return await client.usage_statement(agency, MONTH, context=OPERATION)


async def test_people_and_fields_are_exact_and_equal_to_what_was_counted(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    telecom, hospital = caller_of("telecom"), caller_of("hospital")
    settle(gateway)
    before = await statement(gateway, "telecom")
    absent = [f"0010909999{at:02d}" for at in range(3)]
    # The ethnic group is withheld, three of eight are nobody: five people, two fields each.
    batch(telecom, [*(number_of(at) for at in range(121, 126)), *absent], ["number", "birth_date.year", "ethnic_group"])
    batch(telecom, [number_of(126)], ["number"])
    assert telecom.look_up(number_of(127), ["birth_date.year"], TELECOM).code is grpc.StatusCode.OK
    assert telecom.look_up(absent[0], ["number"], TELECOM).reason == "PERSON_UNAVAILABLE"
    hospital.look_up(number_of(128), ["name"], AGENCIES["hospital"].context)
    settle(gateway)

    after = await statement(gateway, "telecom")
    told = Counter(after.fields)
    told.subtract(before.fields)
    assert +told == {
        ("", "BatchLookUpPersons", "number"): 6,
        ("", "BatchLookUpPersons", "birth_date.year"): 5,
        ("", "LookUpPerson", "birth_date.year"): 1,
    }
    assert (after.dong_per_field, after.dong - before.dong) == (1000, 12_000)
    free = await statement(gateway, "hospital")
    assert (free.dong_per_field, free.dong) == (0, 0)
    assert sum(free.fields.values()) > 0
    # The gateway of the tests began in this month, so its counters count nothing else.
    for used in (after, free):
        for (_, method), calls in used.calls.items():
            people = sum(count for (_, name), count in used.people.items() if name == method)
            assert gateway.metric("gateway_people_served_total", agency=used.agency, method=method) == people
            assert calls > 0


def test_the_command_sets_log_and_counters_beside_each_other(gateway: Gateway) -> None:
    settle(gateway)
    why = ["--case", "billing", "--officer", "op-1"]
    place = ["--identity", str(gateway.identity("operator")), "--server", gateway.address]
    metrics = f"http://127.0.0.1:{gateway.ports[2]}/metrics"
    command = [sys.executable, "-m", "gateway", "usage", "statement", "--agency", "telecom", "--month", MONTH, *why]
    ran = subprocess.run(
        [*command, *place, "--metrics", metrics, "--json"], capture_output=True, text=True, check=True, timeout=100
    )
    told = json.loads(ran.stdout)
    assert told["people_counted"] == told["people_logged"]
    assert told["dong"] == sum(field["dong"] for field in told["fields"])
    table = subprocess.run([*command, *place], capture_output=True, text=True, check=True, timeout=100).stdout
    assert f"{told['dong']:,} dong (Circular 48/2022/TT-BTC" in table


def test_an_agency_is_told_its_own_usage_only(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    telecom = caller_of("telecom")
    own = ask(telecom, "telecom", MONTH, TELECOM)
    assert own.code is grpc.StatusCode.OK
    assert ask(telecom, "hospital", MONTH, TELECOM).reason == "RECORD_UNKNOWN"
    assert ask(telecom, "nobody", MONTH, TELECOM).reason == "RECORD_UNKNOWN"
    wrong = ask(telecom, "telecom", "2026-13", TELECOM)
    assert (wrong.reason, wrong.violations) == ("ARGUMENT_INVALID", ("month",))
    assert ask(caller_of("hospital"), "hospital", MONTH, AGENCIES["hospital"].context).reason == "METHOD_NOT_GRANTED"
