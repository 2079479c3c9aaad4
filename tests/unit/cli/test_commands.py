"""Each command against a scripted gateway: what people see, what programs get."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import errors
from gateway.api.v1 import agency_service_pb2, audit_service_pb2, lookup_service_pb2, sync_service_pb2
from gateway.client.accesses import QUERY_ACCESSES
from gateway.client.granting import APPROVE_GRANT, CREATE_GRANT
from gateway.client.lookup import LOOK_UP_PERSON
from gateway.client.operation import CREATE_ENROLMENT_CODE, LIST_AGENCIES, REGISTER_AGENCY, REVOKE
from gateway.client.sync import PULL, PUSH
from tests.unit.client.scripted import Refusal

NUMBER = "001090000001"
WHEN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def found() -> lookup_service_pb2.LookUpPersonResponse:
    """A person with a withheld field."""
    answer = lookup_service_pb2.LookUpPersonResponse(version=2)
    answer.person.name.surname, answer.person.name.given_name = "Nguyễn", "Hòa"
    answer.read_time.FromDatetime(WHEN)
    answer.withheld.add(path="religion", reason="ERROR_REASON_FIELD_NOT_GRANTED")
    return answer


async def test_lookup_shows_the_person_and_what_is_withheld(run: Any, gateway: Any, found: Any) -> None:
    gateway.on(LOOK_UP_PERSON, found)
    ran = await run("lookup", NUMBER, "--fields", "name,religion")
    assert ran.code == 0
    assert "Nguyễn Hòa" in ran.out
    assert "withheld: religion (FIELD_NOT_GRANTED)" in ran.out
    assert "22/11/2026 10:00:00 +07:00" in ran.out


async def test_lookup_prints_json_for_programs(run: Any, gateway: Any, found: Any) -> None:
    gateway.on(LOOK_UP_PERSON, found)
    value = json.loads((await run("lookup", NUMBER, "-f", "name", "--json")).out)
    assert value["person"]["name"]["surname"] == "Nguyễn"
    assert value["receipt"]["index"] == 1


async def test_basic_stands_for_six_fields(run: Any, gateway: Any, found: Any) -> None:
    asked: list[Any] = []

    def answer(request: bytes) -> Any:
        asked.append(lookup_service_pb2.LookUpPersonRequest.FromString(request))
        return found

    gateway.on(LOOK_UP_PERSON, answer)
    await run("lookup", "001 090 000 001", "--fields", "basic,religion,name")
    assert asked[0].number == NUMBER
    assert len(asked[0].field_mask.paths) == 7


async def test_refusal_goes_to_stderr_with_exit_code_1(run: Any, gateway: Any) -> None:
    gateway.on(LOOK_UP_PERSON, Refusal(errors.PurposeNotGranted()))
    ran = await run("lookup", NUMBER, "--fields", "name")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("PURPOSE_NOT_GRANTED: ")


async def test_pull_writes_lines_and_goes_on_from_its_cursor(run: Any, gateway: Any, tmp_path: Path) -> None:
    def answer(request: bytes) -> Any:
        number = int(sync_service_pb2.PullRequest.FromString(request).cursor or b"0")
        page = sync_service_pb2.PullResponse(next_cursor=str(number + 1).encode(), more=number == 0)
        if number < 2:
            page.people.add(kind="PULL_KIND_SNAPSHOT", version=1).person.number = f"{number:012}"
        return page

    gateway.on(PULL, answer)
    out, cursor = tmp_path / "people.jsonl", tmp_path / "cursor"
    for _ in range(2):
        ran = await run("sync", "pull", "-f", "number", "--out", out, "--cursor", cursor)
        assert ran.code == 0
    people = [json.loads(line) for line in out.read_text().splitlines()]
    assert [each["person"]["number"] for each in people] == ["000000000000", "000000000001"]
    assert people[0]["kind"] == "SNAPSHOT"
    assert cursor.read_text() == "Mw==\n"


async def test_pull_keeps_the_pages_that_came_before_a_refusal(run: Any, gateway: Any, tmp_path: Path) -> None:
    page = sync_service_pb2.PullResponse(next_cursor=b"1", more=True)
    page.people.add().person.number = NUMBER
    gateway.on(PULL, [page, Refusal(errors.CursorExpired())])
    out, cursor = tmp_path / "people.jsonl", tmp_path / "cursor"
    ran = await run("sync", "pull", "-f", "number", "-o", out, "-c", cursor)
    assert ran.code == 1
    assert len(out.read_text().splitlines()) == 1
    assert cursor.read_text() == "MQ==\n"


async def test_pull_demands_a_cursor_that_it_can_read_and_keep(run: Any, gateway: Any, tmp_path: Path) -> None:
    (tmp_path / "cursor").write_text("not base64")
    for path in (tmp_path / "cursor", tmp_path / "missing" / "cursor"):
        ran = await run("sync", "pull", "-f", "name", "--cursor", str(path))
        assert ran.code == 2
        assert "--cursor" in ran.err


async def test_push_names_refused_items(run: Any, gateway: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"reference,number,social_insurance.status\na,{NUMBER},pension\nb,{NUMBER},ended\n")
    answer = sync_service_pb2.PushResponse()
    answer.results.add(reference="a", outcome="PUSH_OUTCOME_APPLIED", version=2)
    answer.results.add(reference="b", outcome="PUSH_OUTCOME_REFUSED", reason="ERROR_REASON_PERSON_UNAVAILABLE")
    gateway.on(PUSH, answer)
    ran = await run("sync", "push", path)
    assert (ran.code, ran.out) == (1, "b: refused, PERSON_UNAVAILABLE\n")
    assert ran.err == "1 applied, 1 refused\n"


async def test_accesses_are_a_table_in_vietnams_time(run: Any, gateway: Any) -> None:
    answer = audit_service_pb2.QueryAccessesResponse(current_through_index=9, more=True)
    answer.accesses.add(index=8, agency="clinic", allowed=True, fields=["name"]).time.FromDatetime(WHEN)
    answer.accesses.add(index=7, agency="bank", reason="ERROR_REASON_PURPOSE_NOT_GRANTED").time.FromDatetime(WHEN)
    gateway.on(QUERY_ACCESSES, answer)
    ran = await run("audit", "query", NUMBER)
    for text in ("22/11/2026 10:00:00", "clinic", "allowed", "refused: PURPOSE_NOT_GRANTED"):
        assert text in ran.out
    assert "current through entry 8" in ran.out
    assert "--before 7" in ran.out


async def test_day_that_is_none_is_a_usage_error(run: Any, gateway: Any) -> None:
    ran = await run("audit", "query", NUMBER, "--from", "yesterday")
    assert ran.code == 2
    assert "31/12/2026" in ran.err


async def test_agency_is_registered_granted_coded_and_revoked(run: Any, gateway: Any) -> None:
    gateway.on(REGISTER_AGENCY, agency_service_pb2.RegisterAgencyResponse())
    gateway.on(CREATE_GRANT, agency_service_pb2.CreateGrantResponse(grant={"grant_id": 7}))
    gateway.on(CREATE_ENROLMENT_CODE, agency_service_pb2.CreateEnrolmentCodeResponse(code="ABCDE"))
    gateway.on(REVOKE, agency_service_pb2.RevokeResponse())
    assert "Registered" in (await run("agency", "register", "clinic", "--name", "N", "--class", "health")).out
    gateway.on(APPROVE_GRANT, agency_service_pb2.ApproveGrantResponse(proposal={"agency": "clinic"}))
    granted = await run("grant", "propose", "clinic", "--methods", "Pull", "--allow", "a.b=c,d", "--fields", "name")
    assert granted.out.startswith("Proposed 7 for clinic")
    assert "is in force" in (await run("grant", "approve", "7")).out
    assert (await run("agency", "code", "clinic")).out.startswith("ABCDE\n")
    assert "Revoked" in (await run("agency", "revoke", "clinic")).out
    for wrong in (["--allow", "nonsense"], ["--quota", "Pull:calls=x"], ["--leniency", "much"]):
        assert (await run("grant", "propose", "clinic", "--methods", "Push", *wrong)).code == 2
    assert (await run("agency", "register", "x", "--name", "N", "--class", "clowns")).code == 2


async def test_agencies_are_listed_with_thumbprints_in_hexadecimal(run: Any, gateway: Any) -> None:
    agency = agency_service_pb2.Agency(code="clinic", agency_class="AGENCY_CLASS_HEALTH", revoked=True)
    agency.credentials.add(thumbprint=bytes(range(32)))
    agency.grants.add(grant_id=1, contract_digest=bytes(32))
    gateway.on(LIST_AGENCIES, agency_service_pb2.ListAgenciesResponse(agencies=[agency]))
    listed = json.loads((await run("agency", "list", "--json")).out)
    assert listed["credentials"][0]["thumbprint"] == bytes(range(32)).hex()
    assert "revoked" in (await run("agency", "list")).out


async def test_doctor_shows_every_check_and_fails_with_the_first(run: Any, gateway: Any) -> None:
    await gateway.stop()
    ran = await run("doctor")
    assert ran.code == 3
    assert "failed   reach" in ran.out
    assert "skipped  token" in ran.out
    checks = [json.loads(line) for line in (await run("doctor", "--json")).out.splitlines()]
    assert checks[0]["outcome"] == "ok"


async def test_enrol_demands_one_way_of_trust(run: Any, tmp_path: Path) -> None:
    ran = await run("enrol", "CODE", "-i", tmp_path / "i", "-e", "127.0.0.1:1")
    assert ran.code == 2
    assert "--fingerprint" in ran.err


async def test_grant_that_would_disclose_nothing_is_not_made(run: Any, gateway: Any) -> None:
    ran = await run("grant", "propose", "hospital", "--methods", "LookUpPerson", "--allow", "health.admission=law")
    assert ran.code == 2
    assert "--fields" in ran.err
