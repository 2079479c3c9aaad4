"""VerifyPerson and its batches against a real gateway: verdicts, their entry, and every refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import pytest

from gateway.api.v1 import reason_pb2, verification_pb2
from gateway.audit.entry import Kind
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.client import Context
from gateway.lookup.verification.rules import RULES_VERSION
from gateway.wire import receipt_from_wire
from tests.caller import Caller, Reply, check_receipt
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import CHILD, COMMUNE, COMMUNE_OLD, FORMER_NUMBER, FULL, number_of

VERIFY = "/gateway.api.v1.LookupService/VerifyPerson"
BATCH_VERIFY = "/gateway.api.v1.LookupService/BatchVerifyPersons"
ABSENT = "001090999999"
ADDRESS = "Số 7 phố Hàng Than, Phường Ba Đình, Thành phố Hà Nội"
FORMER_ADDRESS = "Số 7 phố Hàng Than, Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội"
RIGHT_OF_7 = {
    "name": "NGUYỄN VĂN HÒA",
    "number": "001 090 000 007",
    "birth_date": "30/04/1990",
    "birth_date.year": "1990",
    "sex": "nam",
    "nationality": "vn",
    "permanent_residence": ADDRESS,
    "permanent_residence.text": FORMER_ADDRESS,
    "permanent_residence.line": "số 7 phố hàng than",
    "permanent_residence.commune_code": COMMUNE,
    "permanent_residence.former_commune_code": COMMUNE_OLD,
    "permanent_residence.province_code": "01",
    "contact.mobile_number": "+84 912 345 678",
    "marital_status": "never married",
    "household_number": "HK000000007",
}
WRONG_OF_7 = {
    "name": "Nguyễn Văn Hóa",
    "number": "001090000009",
    "birth_date": "1990-04-29",
    "birth_date.year": "1991",
    "sex": "female",
    "nationality": "LA",
    "permanent_residence": "Số 8 phố Hàng Than, Phường Ba Đình, Thành phố Hà Nội",
    "permanent_residence.commune_code": "26740",
    "permanent_residence.former_commune_code": "26734",
    "permanent_residence.province_code": "79",
    "contact.mobile_number": "0912345679",
    "marital_status": "MARRIED",
    "household_number": "HK000000008",
}


def ask(
    caller: Caller,
    agency: str,
    claims: Mapping[str, str],
    questions: Mapping[str, str] | None = None,
    number: str = number_of(7),
    **fields: Any,
) -> Reply:
    """VerifyPerson in the agency's own context."""
    request = verification_pb2.VerifyPersonRequest(context=AGENCIES[agency].context.message(), number=number, **fields)
    for path, value in claims.items():
        request.claims.add(path=path, value=value)
    for predicate, value in (questions or {}).items():
        request.questions.add(predicate=predicate, value=value)
    return caller.call(VERIFY, request)


def batch(
    agency: str,
    numbers: Sequence[str],
    claims: Mapping[str, Sequence[str]],
    questions: Mapping[str, Sequence[str]] | None = None,
    **fields: Any,
) -> verification_pb2.BatchVerifyPersonsRequest:
    """A batch in the agency's own context."""
    request = verification_pb2.BatchVerifyPersonsRequest(
        context=AGENCIES[agency].context.message(), numbers=numbers, **fields
    )
    for path, values in claims.items():
        request.claims.add(path=path, values=values)
    for predicate, values in (questions or {}).items():
        request.questions.add(predicate=predicate, values=values)
    return request


def _answer(reply: Reply) -> verification_pb2.VerifyPersonResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return verification_pb2.VerifyPersonResponse.FromString(reply.body)


def _batch_answer(reply: Reply) -> verification_pb2.BatchVerifyPersonsResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return verification_pb2.BatchVerifyPersonsResponse.FromString(reply.body)


def _verdicts(answer: verification_pb2.VerifyPersonResponse) -> dict[str, str]:
    return {each.path: verification_pb2.Verdict.Name(each.verdict).removeprefix("VERDICT_") for each in answer.verdicts}


def _answers(answer: verification_pb2.VerifyPersonResponse) -> list[str]:
    return [verification_pb2.YesNo.Name(each.answer).removeprefix("YES_NO_") for each in answer.answers]


@pytest.fixture
def bank(caller_of: Callable[[str], Caller]) -> Caller:
    """May verify everything that can be, exactly."""
    return caller_of("bank")


def test_everything_that_is_right_matches(bank: Caller) -> None:
    answer = _answer(ask(bank, "bank", RIGHT_OF_7))
    assert _verdicts(answer) == dict.fromkeys(RIGHT_OF_7, "MATCH")
    assert (answer.outcome, answer.rules_version, list(answer.withheld)) == (1, RULES_VERSION, [])


def test_what_is_wrong_does_not(bank: Caller) -> None:
    assert _verdicts(_answer(ask(bank, "bank", WRONG_OF_7))) == dict.fromkeys(WRONG_OF_7, "MISMATCH")


def test_fields_of_linked_datasets_are_compared_or_absent(bank: Caller) -> None:
    claims = {
        "social_insurance.code": "0123456789",
        "social_insurance.health_card": "GD 4 79 0123456789",
        "driver_licence.number": "12345",
        "tax_registration.former_code": "54321",
        "legacy_number": "010 203 040",
    }
    full = _answer(ask(bank, "bank", claims, number=number_of(FULL)))
    assert list(_verdicts(full).values()) == ["MATCH", "MATCH", "MATCH", "MISMATCH", "MATCH"]
    assert len({each.owner for each in full.sources}) == 3
    assert set(_verdicts(_answer(ask(bank, "bank", claims))).values()) == {"ABSENT"}


def test_how_lenient_is_decided_by_the_grant(bank: Caller, caller_of: Callable[[str], Caller]) -> None:
    claims = {
        "name": "Nguyen Van Hoa",
        "birth_date": "1990-01-01",
        "permanent_residence": "7 Hàng Than, Ba Đình, Hà Nội",
    }
    assert set(_verdicts(_answer(ask(bank, "bank", claims))).values()) == {"MISMATCH"}
    assert _verdicts(_answer(ask(caller_of("post"), "post", claims))) == {
        "name": "CLOSE_DIACRITICS_MISSING",
        "birth_date": "CLOSE_DATE_PLACEHOLDER",
        "permanent_residence": "CLOSE_ADDRESS_UNIT_WORDS",
    }
    south = caller_of("bank-south")
    spelled = {"name": "Nguyễn Thị Hoà", "birth_date.year": "1990"}
    assert _verdicts(_answer(ask(south, "bank-south", spelled, number=number_of(10)))) == {
        "name": "CLOSE_TONE_PLACEMENT",
        "birth_date.year": "MATCH",
    }


def test_a_superseded_number_finds_its_person_and_is_close(caller_of: Callable[[str], Caller], bank: Caller) -> None:
    claims = {"number": FORMER_NUMBER, "name": "Nguyễn Thị Hòa"}
    close = _verdicts(_answer(ask(caller_of("post"), "post", claims, number=FORMER_NUMBER)))
    assert close == {"number": "CLOSE_NUMBER_SUPERSEDED", "name": "MATCH"}
    assert _verdicts(_answer(ask(bank, "bank", claims, number=FORMER_NUMBER)))["number"] == "MISMATCH"


def test_what_cannot_be_read_is_not_compared(bank: Caller) -> None:
    claims = {
        "birth_date": "30/02/1990",
        "sex": "yes",
        "contact.mobile_number": "123",
        "name": "ễ" * 10_000,
        "birth_date.year": "MCMXC",
        "permanent_residence.commune_code": "Ba Đình",
        "nationality": "",
    }
    assert list(_verdicts(_answer(ask(bank, "bank", claims))).values()) == ["UNREADABLE"] * 6 + ["UNSPECIFIED"]


def test_odd_text_is_only_another_value(bank: Caller) -> None:
    for value in ("\x00", "Nguyễn\x00Văn Hòa", "\u202eaòH năV nễyugN", "😀", "\u200f", "a\u0301" * 100):
        assert _verdicts(_answer(ask(bank, "bank", {"name": value}))) == {"name": "MISMATCH"}


def test_fields_beyond_the_grant_are_withheld(caller_of: Callable[[str], Caller]) -> None:
    claims = {"name": "Nguyễn Thị Hòa", "birth_date": "1990-04-30", "religion": "none", "relatives": "x", "sex": "nữ"}
    reply = ask(caller_of("bank-south"), "bank-south", claims, {"alive": "", "age_at_least:18": ""}, number_of(10))
    answer = _answer(reply)
    assert list(_verdicts(answer).values()) == ["MATCH", *["WITHHELD"] * 4]
    assert _answers(answer) == ["YES", "WITHHELD"]
    assert [each.path for each in answer.withheld] == ["age_at_least:18", "birth_date", "relatives", "religion", "sex"]
    assert {each.reason for each in answer.withheld} == {reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED}


def test_questions_are_answered_yes_no_or_unknown(bank: Caller) -> None:
    asked = {"alive": "", "age_at_least:18": "", "resident_of_province": "01", "same_household": number_of(8)}
    assert _answers(_answer(ask(bank, "bank", {}, asked))) == ["YES", "YES", "YES", "NO"]
    of_full = {"alive": "", "resident_of_province": "79", "same_household": number_of(CHILD)}
    assert _answers(_answer(ask(bank, "bank", {}, of_full, number_of(FULL)))) == ["NO", "NO", "YES"]
    odd = {"resident_of_province": "Hà Nội", "same_household": ABSENT}
    assert _answers(_answer(ask(bank, "bank", {}, odd))) == ["UNREADABLE", "UNKNOWN"]
    none = {"resident_of_province": "", "same_household": "12"}
    assert _answers(_answer(ask(bank, "bank", {}, none))) == ["UNSPECIFIED", "UNREADABLE"]


def test_nobody_out_of_scope_is_told_of(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    south, claims = caller_of("bank-south"), {"name": "Nguyễn Văn Hòa"}
    absent = _answer(ask(south, "bank-south", claims, {"alive": ""}, ABSENT))
    elsewhere = _answer(ask(south, "bank-south", claims, {"alive": ""}, number_of(1)))
    assert absent.outcome == verification_pb2.PERSON_OUTCOME_ABSENT
    assert (_verdicts(absent), _answers(absent)) == ({"name": "UNSPECIFIED"}, ["UNSPECIFIED"])
    for each in (absent, elsewhere):
        index = each.receipt.index
        each.ClearField("receipt")
        each.ClearField("read_time")
        assert gateway.entry(index)[0].people == 0
    assert absent == elsewhere
    other = _answer(ask(south, "bank-south", {}, {"same_household": number_of(1)}, number_of(10)))
    assert _answers(other) == ["UNKNOWN"]


def test_an_answer_leaves_an_entry_that_names_what_was_compared(gateway: Gateway, bank: Caller) -> None:
    reply = ask(bank, "bank", {"name": "Trần Văn Hòa", "religion": "x"}, {"same_household": number_of(9)}, number_of(7))
    answer = _answer(reply)
    receipt = receipt_from_wire(answer.receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    assert (entry.kind, entry.method, entry.people) == (Kind.DISCLOSURE, "VerifyPerson", 1)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags.startswith(key.people([7, 9]))
    assert (entry.has_tag(key.person(7)), entry.has_tag(key.person(8))) == (True, False)
    assert detail is not None
    assert detail.fields == ("name", "same_household")
    assert (detail.numbers, detail.person_ids) == ((number_of(7), number_of(9)), (7, 9))


CARD = f"{number_of(7)}||Nguyễn Văn Hòa|30041990|Nam|{ADDRESS}|01032021"


def test_a_card_states_who_and_what(bank: Caller) -> None:
    answer = _answer(ask(bank, "bank", {"nationality": "VN"}, number="", card_text=CARD))
    assert _verdicts(answer) == {
        "nationality": "MATCH",
        "legacy_number": "UNSPECIFIED",
        "name": "MATCH",
        "birth_date": "MATCH",
        "sex": "MATCH",
        "permanent_residence": "MATCH",
    }


def test_a_table_of_people_gets_the_verdicts_that_each_would_get(gateway: Gateway, bank: Caller) -> None:
    people = [number_of(position) for position in range(1, 301)]
    claims = {
        "name": ["Nguyễn Văn Hòa"] * 300,
        "birth_date": ["1990-04-30", "1990", "", "x"] * 75,
        "sex": ["male"] * 300,
        "religion": ["none"] * 300,
    }
    questions = {"alive": [], "resident_of_province": ["79"] * 300}
    numbers = [*people[:100], ABSENT, "12", "\x00", *people[103:]]
    answer = _batch_answer(bank.call(BATCH_VERIFY, batch("bank", numbers, claims, questions)))
    assert list(answer.paths) == list(claims)
    assert answer.outcomes == bytes([1] * 100 + [2, 3, 3] + [1] * 197)
    assert answer.people_count == 297
    for row in (0, 1, 2, 3, 9, 127, 128, 200, 299):
        stated = {path: values[row] for path, values in claims.items()}
        alone = _answer(ask(bank, "bank", stated, {"alive": "", "resident_of_province": "79"}, numbers[row]))
        assert list(answer.verdicts[row * 4 : row * 4 + 4]) == [each.verdict for each in alone.verdicts]
        assert list(answer.answers[row * 2 : row * 2 + 2]) == [each.answer for each in alone.answers]
    assert answer.verdicts[400:412] == bytes(12)
    entry, detail = gateway.entry(answer.receipt.index)
    assert (entry.people, entry.method) == (297, "BatchVerifyPersons")
    assert detail is not None
    assert (len(detail.numbers), detail.person_ids[100]) == (298, 0)


def test_cards_are_a_column_too_and_a_bad_one_spoils_its_row_only(bank: Caller) -> None:
    request = batch("bank", [], {"nationality": ["VN"] * 3}, card_texts=[CARD, "no card", CARD.replace("Nam", "Nữ")])
    answer = _batch_answer(bank.call(BATCH_VERIFY, request))
    assert answer.outcomes == bytes([1, 3, 1])
    assert list(answer.paths) == ["nationality", "legacy_number", "name", "birth_date", "sex", "permanent_residence"]
    assert answer.verdicts == bytes([1, 0, 1, 1, 1, 1]) + bytes(6) + bytes([1, 0, 1, 1, 2, 1])


def _asks(claims: Mapping[str, str], **changed: Any) -> Callable[[Caller], Reply]:
    return lambda caller: ask(caller, "bank", claims, **changed)


def _sends(*args: Any, **fields: Any) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(BATCH_VERIFY, batch("bank", *args, **fields))


def _twice(caller: Caller) -> Reply:
    request = verification_pb2.VerifyPersonRequest(context=AGENCIES["bank"].context.message(), number=number_of(7))
    for _ in range(2):
        request.claims.add(path="name", value="x")
    return caller.call(VERIFY, request)


NAME = {"name": "Nguyễn Văn Hòa"}
ONE: Mapping[str, Case] = {
    "no number": Case("bank", _asks(NAME, number=""), "ARGUMENT_INVALID", ("number",)),
    "number and card": Case("bank", _asks(NAME, card_text=CARD), "ARGUMENT_INVALID", ("number",)),
    "a bad number": Case("bank", _asks(NAME, number="003090000001"), "ARGUMENT_INVALID", ("number",)),
    "a bad card": Case("bank", _asks({}, number="", card_text="x|y"), "ARGUMENT_INVALID", ("card_text",)),
    "a long card": Case("bank", _asks({}, number="", card_text="x" * 1025), "ARGUMENT_INVALID", ("card_text",)),
    "a card of contradictory dates": Case(
        "bank", _asks({}, number="", card_text=CARD.replace("01032021", "01031980")), "ARGUMENT_INVALID", ("card_text",)
    ),
    "what the card states too": Case(
        "bank", _asks(NAME, number="", card_text=CARD), "ARGUMENT_INVALID", ("claims.path",)
    ),
    "nothing stated": Case("bank", _asks({}), "ARGUMENT_INVALID", ("claims",)),
    "a field twice": Case("bank", _twice, "ARGUMENT_INVALID", ("claims.path",)),
    "an unknown field": Case("bank", _asks({"shoe_size": "41"}), "FIELD_UNKNOWN", ("claims[0].path",)),
    "a malformed path": Case("bank", _asks({"Name": "x"}), "ARGUMENT_INVALID", ("claims[0].path",)),
    "a whole that only has parts": Case(
        "bank", _asks({**NAME, "contact": "x"}), "ARGUMENT_INVALID", ("claims[1].path",)
    ),
    "a month alone": Case("bank", _asks({"birth_date.month": "4"}), "ARGUMENT_INVALID", ("claims[0].path",)),
    "a whole dataset": Case("bank", _asks({"social_insurance": "x"}), "ARGUMENT_INVALID", ("claims[0].path",)),
    "an unknown question": Case(
        "bank", _asks({}, questions={"rich": ""}), "ARGUMENT_INVALID", ("questions[0].predicate",)
    ),
    "an impossible age": Case(
        "bank", _asks({}, questions={"age_at_least:200": ""}), "ARGUMENT_INVALID", ("questions[0].predicate",)
    ),
    "a value for a question without": Case(
        "bank", _asks({}, questions={"alive": "1"}), "ARGUMENT_INVALID", ("questions[0]",)
    ),
    "no field granted": Case("bank", _asks({"religion": "none", "relatives": "x"}), "FIELD_NOT_GRANTED"),
    "another age than granted": Case("bank", _asks({}, questions={"age_at_least:17": ""}), "FIELD_NOT_GRANTED"),
    "a method not granted": Case("hospital", lambda caller: ask(caller, "hospital", NAME), "METHOD_NOT_GRANTED"),
}
MANY: Mapping[str, Case] = {
    "nobody": Case("bank", _sends([], {"name": []}), "ARGUMENT_INVALID", ("numbers",)),
    "1,001 people": Case(
        "bank", _sends([number_of(1)] * 1001, {"name": ["x"] * 1001}), "ARGUMENT_INVALID", ("numbers",)
    ),
    "a short column": Case(
        "bank", _sends([number_of(1)] * 3, {"name": ["x"] * 2}), "ARGUMENT_INVALID", ("claims[0].values",)
    ),
    "a question's short column": Case(
        "bank", _sends([number_of(1)], {}, {"same_household": []}), "ARGUMENT_INVALID", ("questions[0]",)
    ),
    "65 columns": Case(
        "bank", _sends([number_of(1)], {f"x{'y' * at}": ["x"] for at in range(65)}), "ARGUMENT_INVALID", ("claims",)
    ),
    "numbers and cards": Case("bank", _sends([number_of(1)], {}, card_texts=[CARD]), "ARGUMENT_INVALID", ("numbers",)),
    "nothing stated of them": Case("bank", _sends([number_of(1)], {}), "ARGUMENT_INVALID", ("claims",)),
    "no fields of them granted": Case("bank", _sends([number_of(1)], {"religion": ["x"]}), "FIELD_NOT_GRANTED"),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of ONE and MANY, made once."""
    return run(gateway, caller_of, {**ONE, **MANY})


@pytest.mark.parametrize("name", [*ONE, *MANY])
def test_a_refused_verification_has_its_reason_and_its_entry(name: str, refusals: dict[str, Refusal]) -> None:
    case = ONE.get(name) or MANY[name]
    assert_refused(case, refusals[name])
    assert refusals[name].entry.method == ("VerifyPerson" if name in ONE else "BatchVerifyPersons")


def test_a_refused_table_is_found_by_each_number_in_it(gateway: Gateway, refusals: dict[str, Refusal]) -> None:
    for name, number in (("a short column", number_of(1)), ("what the card states too", number_of(7))):
        entry = refusals[name].entry
        key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
        assert entry.tags == key.number(number)


def test_no_refusal_repeats_a_value(refusals: dict[str, Refusal]) -> None:
    for refusal in refusals.values():
        assert "Hòa".encode() not in refusal.reply.status
        assert number_of(7).encode() not in refusal.reply.status


def test_another_context_is_another_grant(bank: Caller) -> None:
    request = verification_pb2.VerifyPersonRequest(
        context=Context("made.up", "made/up", "c", "o").message(), number=number_of(7)
    )
    assert bank.call(VERIFY, request).reason == "PURPOSE_NOT_GRANTED"
