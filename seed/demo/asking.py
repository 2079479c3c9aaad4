"""Chapter: agencies look people up. First one patient, told in full, then a day's worth of questions at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gateway.client import Context, GatewayRefusal, LookUpResult, VerifyResult
from seed.agencies import BASIC_FIELDS, CARRIER, PROVINCE_OFFICE
from seed.demo.citizens import Citizen, Country
from seed.demo.stub import Stub
from seed.demo.telling import Teller

IN_FLIGHT = 32
"""Questions that one agency has open at the same time."""

ADMISSION_FIELDS = ("name", "birth_date", "sex", "permanent_residence", "social_insurance.health_card")
SUBSCRIBER_FIELDS = ("name", "birth_date")
MALFORMED = "0011990"


@dataclass(frozen=True, slots=True)
class Question:
    """One look-up."""

    number: str
    fields: Sequence[str]
    context: Context


async def admit_patient(
    patient: Citizen, hospital: Stub, carrier: Stub, province: Stub, teller: Teller
) -> LookUpResult:
    """One person asked about by three agencies, two contracts compared, six ways to be refused.

    Returns the hospital's answer.
    """
    admission = hospital.why("BA-2026-000117")
    contract = carrier.why("HD-88-20931")
    answered = await hospital.look_up(patient.number, (*ADMISSION_FIELDS, "ethnic_group", "religion"), admission)
    if isinstance(answered, GatewayRefusal):
        raise answered
    rows = [
        (hospital.plan.code, "identity, home, health card; ethnic group, religion", _outcome(answered)),
        (
            carrier.plan.code,
            "name and birth date",
            _outcome(await carrier.look_up(patient.number, SUBSCRIBER_FIELDS, contract)),
        ),
    ]
    served = await province.look_up(
        patient.number, ("name", "household_number", "relation_to_head"), province.why("HC-01-5512")
    )
    rows.append((province.plan.code, "name, household, relation to its head", _outcome(served)))
    for stub, what, number, fields, context in _mistakes(patient, hospital, carrier):
        rows.append((stub.plan.code, what, _outcome(await stub.look_up(number, fields, context))))
    for what, claims in _contracts(patient):
        compared = await carrier.verify(patient.number, claims, ("age_at_least:18",), contract)
        rows.append((carrier.plan.code, what, _verdicts(compared)))
    pulled = await carrier.pull(("name",), contract, b"")
    rows.append((carrier.plan.code, "a copy of everybody", _outcome(pulled)))
    teller.say(
        f"{patient.name}, born {patient.birth_year}, shows a card at {hospital.plan.name}: number {patient.number}."
    )
    teller.table(("who asks", "for what", "answer"), rows)
    return answered


def _contracts(patient: Citizen) -> Iterator[tuple[str, dict[str, str]]]:
    """What two contracts say: compared with the registry, which tells none of it."""
    year = str(patient.birth_year)
    yield "whether a contract is right, of age", {"name": patient.name.upper(), "birth_date": year}
    yield "whether another one is", {"name": f"{patient.name} Anh", "birth_date": str(patient.birth_year + 1)}


def _verdicts(answer: object) -> str:
    if isinstance(answer, GatewayRefusal):
        return f"refused: {answer.reason}"
    assert isinstance(answer, VerifyResult)
    verified = answer.verified
    said = [f"{path} {verdict}" for path, verdict in verified.verdicts.items()]
    said += [f"{predicate} {yes_no}" for predicate, yes_no in verified.answers.items()]
    return f"{', '.join(said)} (entry {answer.receipt.index})"


def _mistakes(
    patient: Citizen, hospital: Stub, carrier: Stub
) -> Iterator[tuple[Stub, str, str, Sequence[str], Context]]:
    contract = carrier.why("HD-88-20931")
    number = patient.number
    yield carrier, "marital status and household", number, ("marital_status", "household"), contract
    yield (
        carrier,
        "the same, as if for a hospital",
        number,
        ("name",),
        carrier.why("HD-88-20931", purpose="health.admission"),
    )
    yield hospital, "without a case reference", number, ("name",), hospital.why("")
    yield hospital, "a field that does not exist", number, ("blood_presure",), hospital.why("BA-2026-000117")
    yield hospital, "a number with digits missing", MALFORMED, ("name",), hospital.why("BA-2026-000118")


def _outcome(answer: object) -> str:
    if isinstance(answer, GatewayRefusal):
        return f"refused: {answer.reason}"
    assert isinstance(answer, LookUpResult)
    given = ", ".join(_given(answer)) or "nothing registered"
    withheld = f"; withheld: {', '.join(each.path for each in answer.withheld)}" if answer.withheld else ""
    return f"{given}{withheld} (entry {answer.receipt.index})"


def _given(answer: LookUpResult) -> Iterator[str]:
    """The fields that were told; of one that is withheld as a whole, the parts of it that were."""
    withheld = {each.path for each in answer.withheld}
    for field, value in answer.person.ListFields():
        if field.name in withheld:
            yield from (f"{field.name}.{part.name}" for part, _ in value.ListFields())
        else:
            yield field.name


async def ask_all_day(country: Country, hospital: Stub, carrier: Stub, province: Stub, teller: Teller) -> None:
    """Several thousand look-ups by three agencies at once; wrong and forbidden ones among them. Raises ClientError."""
    started = asyncio.get_running_loop().time()
    stubs = (hospital, carrier, province)
    before = sum(stub.tally.calls for stub in stubs)
    refused_before = sum(stub.tally.refused.total() for stub in stubs)
    await asyncio.gather(
        _ask(hospital, admissions(country, hospital.why)),
        _ask(carrier, subscriptions(country, carrier.why)),
        _ask(province, applications(country, province.why)),
    )
    calls = sum(stub.tally.calls for stub in stubs) - before
    refused = sum(stub.tally.refused.total() for stub in stubs) - refused_before
    seconds = asyncio.get_running_loop().time() - started
    teller.say(
        f"Then the three went to work at once: {calls:,} look-ups in {seconds:.1f} s, {refused:,} of them refused. "
        f"{PROVINCE_OFFICE.name} asked about people of other provinces too, and was told what it is told about "
        f"numbers that nobody holds: PERSON_UNAVAILABLE. {CARRIER.name} got years of birth, no dates."
    )


async def check_subscribers(country: Country, carrier: Stub, teller: Teller) -> None:
    """A file of subscribers, asked about in batches over one stream a lane: who of them lives. Raises ClientError."""
    started = asyncio.get_running_loop().time()
    numbers = (*country.everywhere, *country.absent)
    answers = await carrier.ask_of_many(numbers, "alive", carrier.why("RA-SOAT-2026"))
    seconds = asyncio.get_running_loop().time() - started
    teller.say(
        f"At night {CARRIER.name} has its file of {len(numbers):,} subscribers checked in one go: {answers['YES']:,} "
        f"live, {answers['NO']:,} have died, {answers['']:,} numbers are nobody's; {seconds:.1f} s, no value told."
    )


async def _ask(stub: Stub, questions: Iterator[Question]) -> None:
    async def one_after_another() -> None:
        for question in questions:
            await stub.look_up(question.number, question.fields, question.context)

    await asyncio.gather(*(one_after_another() for _ in range(IN_FLIGHT)))


def admissions(country: Country, why: Callable[[str], Context]) -> Iterator[Question]:
    """A hospital's day: patients from everywhere, now and then a card read wrongly."""
    for position, number in enumerate((*country.everywhere, *country.absent)):
        asked = number[:-1] if position % 50 == 49 else number
        yield Question(asked, ADMISSION_FIELDS, why(f"BA-2026-{position + 1000:06}"))


def subscriptions(country: Country, why: Callable[..., Context]) -> Iterator[Question]:
    """A carrier's day: contracts, some shops asking for more than they may or for another's purpose."""
    for position, number in enumerate(country.everywhere):
        case = f"HD-89-{position:05}"
        if position % 40 == 7:
            yield Question(number, ("marital_status", "relatives"), why(case))
        elif position % 40 == 23:
            yield Question(number, ("name",), why(case, purpose="credit.scoring"))
        elif position % 4 == 1:
            yield Question(number, (*SUBSCRIBER_FIELDS, "permanent_residence"), why(case))
        else:
            yield Question(number, SUBSCRIBER_FIELDS, why(case))


def applications(country: Country, why: Callable[[str], Context]) -> Iterator[Question]:
    """A province office's day: its own people, and a few from elsewhere who stand at its counter."""
    numbers = (*country.own, *islice(country.everywhere, len(country.own) // 10))
    for position, number in enumerate(numbers):
        yield Question(number, BASIC_FIELDS, why(f"HC-01-{position:05}"))
