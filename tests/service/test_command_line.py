"""What operators and agencies type, against a real gateway: tables for people, JSON for programs, sentences."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.api.v1 import agency_service_pb2, options_pb2
from gateway.cli.exits import NO_CONNECTION, NO_EVIDENCE, REFUSED, USAGE
from gateway.cli.program import main
from tests.caller import AGENCY, Caller
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.world import free_ports, number_of


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed for a program, one value."""
        assert self.code == 0, self
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """The same, a value a line."""
        assert self.code == 0, self
        return [json.loads(line) for line in self.out.splitlines()]


Popgate = Callable[..., Ran]


@pytest.fixture
def popgate(gateway: Gateway, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Popgate:
    """`popgate("grant", "list", who="operator")`: the command in this process, as a shell would run it."""
    monkeypatch.setenv("POPGATE_SERVER", gateway.address)
    monkeypatch.setenv("POPGATE_CASE", "K-1")
    monkeypatch.setenv("POPGATE_OFFICER", "op-1")

    def run(*words: object, who: str = "operator") -> Ran:
        monkeypatch.setenv("POPGATE_IDENTITY", str(gateway.identity(who)))
        if who in AGENCIES:
            monkeypatch.setenv("POPGATE_PURPOSE", AGENCIES[who].purpose)
            monkeypatch.setenv("POPGATE_LEGAL_BASIS", AGENCIES[who].context.legal_basis)
        monkeypatch.setattr(sys, "argv", ["popgate", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        wrote = capsys.readouterr()
        assert "Traceback" not in wrote.err, wrote.err
        code = left.value.code or 0
        assert isinstance(code, int)
        return Ran(code, wrote.out, wrote.err)

    return run


def proposed(popgate: Popgate, agency: str, *terms: str) -> int:
    told = popgate("grant", "propose", agency, *terms, "--json").json()
    return int(told["proposal_id"])


def approved(popgate: Popgate, number: int) -> Ran:
    ran = popgate("grant", "approve", number, who="operator-second")
    assert ran.code == 0, ran
    return ran


def held(popgate: Popgate, number: int) -> Any:
    """A grant, as the list of all of them has it."""
    (found,) = [each for each in popgate("grant", "list", "--json").lines() if each["grant_id"] == str(number)]
    return found


TERMS = ("--methods", "LookUpPerson", "--allow", "school.enrolment=law26/2023:art10", "--fields", "+basic_six,contact")


@pytest.fixture(scope="module")
def school(gateway: Gateway, caller_of: Callable[[str], Caller]) -> str:
    """Code of an agency with two units and no grant."""
    operator, code = caller_of("operator"), "cli-school"
    agency = agency_service_pb2.Agency(code=code, name="Trường", agency_class=options_pb2.AGENCY_CLASS_EDUCATION)
    units = [agency_service_pb2.Unit(code=unit, name=unit) for unit in ("k1", "k2")]
    for method, request in (
        ("RegisterAgency", agency_service_pb2.RegisterAgencyRequest(context=OPERATION.message(), agency=agency)),
        (
            "RegisterUnits",
            agency_service_pb2.RegisterUnitsRequest(context=OPERATION.message(), agency=code, units=units),
        ),
    ):
        reply = operator.call(AGENCY + method, request)
        assert reply.reason == "", reply
    return code


def test_an_agency_is_registered_with_units_and_shown(popgate: Popgate, tmp_path: Path) -> None:
    code = "cli-college"
    registered = popgate("agency", "register", code, "--name", "Trường Thử", "--class", "education")
    assert (registered.code, f"popgate grant propose {code}" in registered.out) == (0, True)
    again = popgate("agency", "register", code, "--name", "Trường Thử", "--class", "education")
    assert (again.code, again.err.startswith("RECORD_EXISTS: ")) == (REFUSED, True)
    clown = popgate("agency", "register", "clowns", "--name", "x", "--class", "clowns")
    assert (clown.code, "credit" in clown.err, "other" in clown.err) == (USAGE, True, True)
    shown = {each["code"]: each for each in popgate("agency", "list", "--json").lines()}
    assert (shown[code]["agency_class"], shown[code].get("grants")) == ("AGENCY_CLASS_EDUCATION", None)
    (row,) = [line for line in popgate("agency", "list").out.splitlines() if line.strip().startswith(code)]
    assert ("Trường Thử" in row, "education" in row, "active" in row) == (True, True, True)
    file = tmp_path / "units.csv"
    file.write_text("code,name\nq1,Quận 1\nq3,Quận 3\n", encoding="utf-8")
    assert popgate("agency", "units", code, "--add", file).out == f"Registered 2 units of {code}.\n"
    assert [each["code"] for each in popgate("agency", "units", code, "--json").lines()] == ["q1", "q3"]
    assert "Quận 3" in popgate("agency", "units", code).out
    assert popgate("agency", "units", "nobody").err.startswith("RECORD_UNKNOWN: ")


def test_an_agency_sees_what_it_is_granted(popgate: Popgate) -> None:
    shown = popgate("token", "--show", who="hospital")
    assert shown.code == 0, shown
    for part in ("LookUpPerson", AGENCIES["hospital"].purpose, "permanent_residence", "everyone", "hospital, until"):
        assert part in shown.out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("code,name\nq1;Quận 1\n", "line 2: is not code,name"),
        ("code,name\n\n", "names no unit"),
        ("q1,Qu\udce2n", "is not CSV in UTF-8"),
    ],
)
def test_a_file_of_units_that_is_wrong_registers_none(
    popgate: Popgate, tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "u"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    ran = popgate("agency", "units", "hospital", "--add", file)
    assert (ran.code, problem in " ".join(ran.err.replace("│", " ").split())) == (USAGE, True), ran


def test_a_code_is_shown_once(popgate: Popgate, school: str) -> None:
    made = popgate("agency", "code", school, "--unit", "k1", "--json").json()
    assert (len(made["code"]), made["expires_time"][:2]) == (23, "20")
    assert popgate("agency", "code", school, "--unit", "q9").err.startswith("RECORD_UNKNOWN: ")
    assert len(popgate("agency", "fingerprint").out.split()[0]) == 64


@pytest.mark.slow
def test_a_grant_goes_from_one_operator_to_the_other_and_ends(popgate: Popgate, school: str) -> None:
    said = popgate("grant", "propose", school, *TERMS)
    number = int(said.out.split()[1])
    assert f"popgate grant approve {number}" in said.out
    (shown,) = [
        each for each in popgate("grant", "proposals", "--json").lines() if each.get("proposal_id") == str(number)
    ]
    assert (shown["agency"], shown["state"]) == (school, "PROPOSAL_STATE_OPEN")
    assert {"number", "contact"} <= set(shown["grant"]["fields"])
    row = popgate("grant", "proposals", "--agency", school).out
    assert ("a new grant" in row, "op-1, K-1" in row) == (True, True)
    own = popgate("grant", "approve", number)
    assert (own.code, own.err.startswith("APPROVER_NOT_OTHER: ")) == (REFUSED, True)
    assert f"Grant {number} of {school} is in force" in approved(popgate, number).out
    assert popgate("grant", "approve", number, who="operator-second").err.startswith("PROPOSAL_CLOSED: ")
    found = popgate("grant", "proposals", "--state", "approved", "--agency", school, "--json").lines()
    (decided,) = [each for each in found if each["proposal_id"] == str(number)]
    assert (decided["proposed_by"]["agency"], decided["decided_by"]["agency"]) == ("operator", "operator-second")
    assert "decided" in popgate("grant", "proposals", "--state", "approved", "--agency", school).out
    assert held(popgate, number)["agency"] == school
    assert "school.enrolment (law26/2023:art10)" in popgate("grant", "list", "--agency", school).out
    change = proposed(popgate, school, *TERMS, "--changes", str(number), "--days", "30", "--signed")
    assert "a change of grant" in popgate("grant", "proposals", "--agency", school).out
    approved(popgate, change)
    assert held(popgate, number)["signed"] is True
    assert "each request signed" in popgate("grant", "list", "--agency", school).out
    rejected = proposed(popgate, school, *TERMS, "--own-subjects")
    assert popgate("grant", "reject", rejected).out == f"Rejected proposal {rejected}.\n"
    assert popgate("grant", "adopt", number).code == USAGE  # no release suggests anything
    assert popgate("grant", "end", number).out == f"Grant {number} has ended.\n"
    assert popgate("grant", "end", 999_999).err.startswith("RECORD_UNKNOWN: ")


@pytest.mark.slow
def test_a_narrowing_is_shown_with_whom_it_is_for(popgate: Popgate, school: str) -> None:
    number = proposed(popgate, school, *TERMS)
    approved(popgate, number)
    narrowing = proposed(popgate, school, *TERMS[:4], "--fields", "name", "--narrows", str(number), "--unit", "k1")
    approved(popgate, narrowing)
    row = popgate("grant", "list", "--agency", school).out
    assert f"unit k1 of grant {number}" in row
    wide = popgate("grant", "propose", school, *TERMS[:4], "--fields", "religion", "--narrows", number, "--unit", "k1")
    assert (wide.code, wide.err.startswith("GRANT_WIDER: ")) == (REFUSED, True)


def test_a_template_begins_what_is_proposed(popgate: Popgate, school: str) -> None:
    names = [each["name"] for each in popgate("grant", "templates", "--json").lines()]
    assert names == list(dict.fromkeys(names))
    table = popgate("grant", "templates").out
    assert all(name in table for name in names)
    assert "provinces to be stated" in table
    told = popgate("grant", "propose", school, "--template", "education-enrolment", "--json").json()
    assert {"ethnic_group", "enrolment.grade"} <= set(told["fields"])
    assert told["leniency"] == "MATCH_LENIENCY_SPELLING"
    assert [each["purpose"] for each in told["purposes"]] == ["education.enrolment"]
    words = ("--fields", "name", "--leniency", "exact", "--quota", "people_per_day=9", "--provinces", "79")
    less = popgate("grant", "propose", school, "--template", "education-enrolment", *words, "--json").json()
    assert (less["fields"], less["leniency"], less["provinces"]) == (["name"], "MATCH_LENIENCY_EXACT", ["79"])
    assert less["quotas"] == [{"people_per_day": "9"}]
    assert less["verify_fields"] == told["verify_fields"]
    for template, agency, sentence in (
        ("health-admission", school, "is not for the class"),
        ("province-service", "province-south", "state which"),
        ("nothing-such", school, "is no template"),
    ):
        wrong = popgate("grant", "propose", agency, "--template", template)
        assert (wrong.code, sentence in wrong.err.replace("\n", " ")) == (USAGE, True), wrong


WRONG_TERMS = {
    "no fields": (TERMS[:4], USAGE, "--fields"),
    "no basis": (("--methods", "Push", "--allow", "school.enrolment"), USAGE, "--allow"),
    "a quota of nothing": ((*TERMS, "--quota", "people=9"), USAGE, "--quota"),
    "generous": ((*TERMS, "--leniency", "generous"), USAGE, "GENEROUS"),
    "no such field": ((*TERMS[:4], "--fields", "shoe_size"), REFUSED, "FIELD_UNKNOWN"),
    "no such method": (("--methods", "LookAround", *TERMS[2:]), REFUSED, "ARGUMENT_INVALID"),
    "a signed stream": (("--methods", "StreamLookUpPersons", *TERMS[2:], "--signed"), REFUSED, "grant.signed"),
    "no such state": ((), USAGE, "--state"),
}


@pytest.mark.parametrize("name", WRONG_TERMS)
def test_terms_that_make_no_sense_get_a_sentence(popgate: Popgate, school: str, name: str) -> None:
    terms, code, words = WRONG_TERMS[name]
    ran = popgate("grant", "propose", school, *terms) if terms else popgate("grant", "proposals", "--state", "odd")
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


def test_questions_about_the_policy_are_answered_in_tables_and_json(popgate: Popgate, gateway: Gateway) -> None:
    holders = {each["agency"]: each for each in popgate("grant", "who", "birth_date", "--json").lines()}
    assert holders["carrier"]["seen"] == ["birth_date.year"]
    assert holders["fund"]["own_subjects"] is True
    table = popgate("grant", "who", "birth_date").out
    assert ("own subjects" in table, "birth_date.year" in table) == (True, True)
    assert popgate("grant", "who", "shoe_size").err.startswith("FIELD_UNKNOWN: ")
    call = ("grant", "try", "hospital", "--method", "LookUpPerson", "--for", "health.admission=law26/2023:art10")
    told = popgate(*call, "--fields", "name,religion", "--json").json()
    assert (told["allowed"], told["disclosed"], told["withheld"]) == (True, ["name"], ["religion"])
    assert "answered" in popgate(*call, "--fields", "name").out
    refused = popgate("grant", "try", "hospital", "--method", "Push", "--for", "health.admission=law26/2023:art10")
    assert (refused.code, "refused: METHOD_NOT_GRANTED" in refused.out) == (REFUSED, True)
    assert popgate("grant", "try", "hospital", "--method", "Push", "--for", "nothing").code == USAGE
    expiring = popgate("grant", "expiring", "--days", "2", "--json").lines()
    assert "hospital" in {each["agency"] for each in expiring}
    assert "hospital" in popgate("grant", "expiring", "--days", "2").out
    unused = popgate("grant", "unused", "--days", "1", "--json").json()
    assert int(unused["entries_count"]) > 0
    assert "entries since" in popgate("grant", "unused", "--days", "1").out
    assert popgate("grant", "unused", "--agency", "nobody").err.startswith("RECORD_UNKNOWN: ")
    sets = popgate("grant", "sets").out
    assert ("basic_six" in sets, "vaccinations" in sets) == (True, True)


def test_operators_and_their_acts_are_shown(popgate: Popgate) -> None:
    assert popgate("agency", "register", "cli-clinic", "--name", "Trạm Thử", "--class", "health").code == 0
    assert [each["code"] for each in popgate("operator", "list", "--json").lines()] == ["operator", "operator-second"]
    assert "Second operator" in popgate("operator", "list").out
    acts = popgate("operator", "acts", "--json").lines()
    assert [int(each["number"]) for each in acts] == list(range(1, len(acts) + 1))
    last = popgate("operator", "acts", "--after", len(acts) - 2, "--json").lines()
    assert last == acts[-2:]
    table = popgate("operator", "acts").out
    assert ("this gateway" in table, "op-1, K-1" in table) == (True, True)
    foreign = popgate("operator", "acts", who="hospital")
    assert (foreign.code, foreign.err.startswith("METHOD_NOT_GRANTED: ")) == (REFUSED, True)


def test_a_revocation_is_made_shown_and_lifted(popgate: Popgate, school: str) -> None:
    targets = ((school, "--unit", "k2"), ("--key", "A" * 43))
    for target in targets:
        revoked = popgate("agency", "revoke", *target)
        assert (revoked.code, revoked.out.startswith("Revoked; entry ")) == (0, True), revoked
        listed = popgate("agency", "revocations", "--json").lines()
        assert listed[0]["value"] in (f"{school}/k2", "A" * 43)
    table = popgate("agency", "revocations").out
    assert all(word in table for word in ("unit", "key", "op-1, K-1"))
    assert "revoked" in popgate("agency", "units", school).out
    for target in targets:
        assert popgate("agency", "lift", *target).out.startswith("Lifted; entry ")
    assert popgate("agency", "lift", school).err.startswith("RECORD_UNKNOWN: ")
    for wrong in ((), (school, "--token", "00" * 16), ("--thumbprint", "xyz"), ("--unit", "k1")):
        assert popgate("agency", "revoke", *wrong).code == USAGE
    assert popgate("agency", "revoke", "--token", "00").err.startswith("ARGUMENT_INVALID: ")


@pytest.mark.slow
def test_signing_keys_are_made_listed_and_revoked(popgate: Popgate) -> None:
    key = popgate("credential", "signing-key", "--json", who="post").json()
    assert (len(key["key_id"]), key["state"]) == (43, "ACTIVE")
    assert f"Signing key {key['key_id']} is active until" in popgate("credential", "signing-key", who="post").out
    other = popgate("credential", "signing-key", "--new", "--json", who="post").json()
    listed = {each["key_id"] for each in popgate("credential", "signing-keys", "--json", who="post").lines()}
    assert {key["key_id"], other["key_id"]} <= listed
    assert key["key_id"] in popgate("credential", "signing-keys", who="post").out
    gone = popgate("credential", "revoke-signing-key", other["key_id"], who="post")
    assert gone.out == f"Signing key {other['key_id']} is revoked.\n"


@pytest.mark.parametrize("key", ["A" * 43, "-" + "h" * 42, "--" + "A" * 41])
def test_a_key_that_there_is_not_is_not_revoked_whatever_its_id_begins_with(popgate: Popgate, key: str) -> None:
    assert popgate("credential", "revoke-signing-key", key, who="post").err.startswith("RECORD_UNKNOWN: ")


def test_own_subjects_are_stated_by_number_by_file_and_by_pipe(popgate: Popgate, tmp_path: Path) -> None:
    numbers = [number_of(position) for position in (201, 202)]
    file = tmp_path / "people.txt"
    file.write_text("\n".join(numbers) + "\n\n", encoding="utf-8")
    look_up = ("lookup", numbers[0], "--fields", "name")
    assert popgate(*look_up, who="fund").err.startswith("PERSON_UNAVAILABLE: ")
    enrolled = popgate("subjects", "enrol", "--file", file, who="fund")
    assert enrolled.out.startswith("Stated 2 numbers; 1 entries"), enrolled
    assert popgate(*look_up, who="fund").code == 0
    assert popgate("subjects", "withdraw", *numbers, who="fund").out.startswith("Withdrew 2 numbers")
    assert popgate(*look_up, who="fund").code == REFUSED
    file.write_text("\n", encoding="utf-8")
    for wrong in ((), (numbers[0], "--file", str(file)), ("--file", str(file))):
        assert popgate("subjects", "enrol", *wrong, who="fund").code == USAGE
    assert popgate("subjects", "enrol", "12", who="fund").err.startswith("ARGUMENT_INVALID: ")


def test_a_statement_is_shown_and_held_against_the_counters(
    popgate: Popgate, gateway: Gateway, caller_of: Callable[[str], Caller], tmp_path: Path
) -> None:
    context = AGENCIES["telecom"].context
    reply = caller_of("telecom").look_up(number_of(1), ("number", "birth_date.year"), context)
    assert reply.reason == ""
    gateway.entry(gateway.published())  # a later entry, so that the one before is published
    month = popgate("usage", "statement", "--agency", "telecom", "--month", _this_month(), "--json").json()
    assert month["agency"] == "telecom"
    assert month["dong"] == sum(each["dong"] for each in month["fields"])
    table = popgate("usage", "statement", "--agency", "telecom", "--month", _this_month()).out
    assert "Circular 48/2022" in table
    scrape = tmp_path / "metrics.txt"
    scrape.write_text('gateway_people_served_total{agency="telecom",method="LookUpPerson",purpose="x"} 999999\n')
    differs = popgate("usage", "statement", "--agency", "telecom", "--month", _this_month(), "--metrics", scrape)
    assert (differs.code, differs.err) == (NO_EVIDENCE, "The counters and the log differ.\n")
    wrong = popgate("usage", "statement", "--agency", "telecom", "--month", "2026-13")
    assert (wrong.code, wrong.err.startswith("ARGUMENT_INVALID: ")) == (REFUSED, True)


def _this_month() -> str:
    from datetime import datetime, timedelta, timezone

    return datetime.now(timezone(timedelta(hours=7))).strftime("%Y-%m")


def test_what_stands_in_the_way_of_any_command_is_a_sentence(
    popgate: Popgate, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    nobody = popgate("agency", "list", "-s", f"127.0.0.1:{port}")
    assert (nobody.code, nobody.out) == (NO_CONNECTION, "")
    assert "127.0.0.1" in nobody.err
    empty = popgate("agency", "list", "-i", tmp_path)
    assert (empty.code, empty.out) == (USAGE, "")
    foreign = tmp_path / "foreign"
    shutil.copytree(gateway.identity("hospital"), foreign)
    (foreign / "key.pem").write_bytes((gateway.identity("carrier") / "key.pem").read_bytes())
    assert popgate("agency", "list", "-i", foreign).code == USAGE
    monkeypatch.delenv("POPGATE_CASE")
    missing = popgate("agency", "list")
    assert (missing.code, "--case" in missing.err) == (USAGE, True)
