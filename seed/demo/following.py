"""Chapter: two agencies keep copies; one pushes what it owns, and the other's copy follows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.api.v1 import person_pb2
from gateway.client import Context, GatewayRefusal, LookUpResult, PushItem
from seed.agencies import BASIC_FIELDS, PROVINCE_OFFICE, SOCIAL_INSURANCE
from seed.demo.asking import ADMISSION_FIELDS
from seed.demo.citizens import Country
from seed.demo.copies import Copy
from seed.demo.errors import DemoFailed
from seed.demo.ground import COPIES
from seed.demo.stub import Stub
from seed.demo.telling import Teller

PUSHED_PEOPLE = 1_500
ITEMS_PER_PUSH = 500
PUSHED_FIELDS = ("social_insurance.code", "social_insurance.status", "social_insurance.health_card")
FOLLOWED_BY_THE_PROVINCE = (*BASIC_FIELDS, "social_insurance.status")
VISIBLE_SECONDS_MAX = 10.0
VISIBLE_PAUSE_SECONDS = 0.05


async def keep_in_step(
    state: Path, country: Country, insurance: Stub, province: Stub, hospital: Stub, teller: Teller
) -> None:
    """Mirror, push, follow, and look again. Raises ClientError, DemoFailed."""
    everybody, own = Copy(state / COPIES / "social-insurance.db"), Copy(state / COPIES / "province.db")
    try:
        await _mirror(country, insurance, everybody, province, own, teller)
        await _push_and_follow(country, insurance, everybody, province, own, teller)
    finally:
        everybody.close()
        own.close()
    again = await hospital.look_up(country.patient.number, ADMISSION_FIELDS, hospital.why("BA-2026-000117"))
    if not isinstance(again, LookUpResult) or not again.person.social_insurance.health_card:
        raise DemoFailed(
            "the hospital does not see the health card that social insurance pushed; see the gateway's log"
        )
    teller.say(
        f"At {hospital.plan.name} {country.patient.name} now has a health insurance card: version {again.version} of "
        "the person, the same question, one answer more."
    )


async def _mirror(
    country: Country, insurance: Stub, everybody: Copy, province: Stub, own: Copy, teller: Teller
) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(
        _follow(insurance, everybody, BASIC_FIELDS, insurance.why("DB-2026-01")),
        _follow(province, own, FOLLOWED_BY_THE_PROVINCE, province.why("DB-01-2026")),
    )
    seconds = loop.time() - started
    if everybody.people != country.people:
        raise DemoFailed(f"the mirror holds {everybody.people:,} of {country.people:,} people; see the gateway's log")
    teller.say(
        f"{SOCIAL_INSURANCE.name} pulled six fields of all {everybody.people:,} people, {PROVINCE_OFFICE.name} the "
        f"{own.people:,} of {country.province_name}, page by page into their own databases: "
        f"{(everybody.people + own.people) / seconds:,.0f} people a second, stored."
    )


async def _push_and_follow(
    country: Country, insurance: Stub, everybody: Copy, province: Stub, own: Copy, teller: Teller
) -> None:
    why = insurance.why("BHXH-2026-10")
    not_owned = await insurance.push(
        [PushItem("1", person_pb2.Person(number=country.patient.number, household_number="HS000000001"))],
        ("household_number",),
        why,
    )
    numbers = dict.fromkeys((country.patient.number, *everybody.numbers(PUSHED_PEOPLE)))
    applied = await _push(insurance, tuple(numbers)[:PUSHED_PEOPLE], why)
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not own.newly_insured():
        await _follow(province, own, FOLLOWED_BY_THE_PROVINCE, province.why("DB-01-2026"))
        if loop.time() - started > VISIBLE_SECONDS_MAX:
            raise DemoFailed("pushed changes do not reach a follower; see the gateway's log")
        await asyncio.sleep(VISIBLE_PAUSE_SECONDS)
    if not isinstance(not_owned, GatewayRefusal):
        raise DemoFailed("a household number pushed by social insurance was not refused")
    milliseconds = (loop.time() - started) * 1000
    teller.say(
        f"{SOCIAL_INSURANCE.name} pushed participation and health cards of {applied:,} people; a household number, "
        f"which is not its own, was refused: {not_owned.reason}. {PROVINCE_OFFICE.name} pulled on from its cursor and "
        f"{milliseconds:,.0f} ms later had the participation of its own {own.newly_insured():,} among them, without "
        "the cards, which it was not granted."
    )


async def _follow(stub: Stub, copy: Copy, fields: Sequence[str], why: Context) -> None:
    async for page in stub.pages(fields, why, copy.cursor):
        copy.store(page)


async def _push(stub: Stub, numbers: Sequence[str], why: Context) -> int:
    """Invented insurance of these people; how many the registry took."""
    applied = 0
    for first in range(0, len(numbers), ITEMS_PER_PUSH):
        some = numbers[first : first + ITEMS_PER_PUSH]
        acknowledgement = await stub.push(
            [_item(first + at, number) for at, number in enumerate(some)], PUSHED_FIELDS, why
        )
        if isinstance(acknowledgement, GatewayRefusal):
            raise acknowledgement
        applied += sum(result.outcome == "APPLIED" for result in acknowledgement.results)
    return applied


def _item(position: int, number: str) -> PushItem:
    insurance = person_pb2.SocialInsurance(
        code=f"79{position:08}",
        status=person_pb2.INSURANCE_STATUS_PARTICIPATING,
        health_card=f"48{position:08}",
    )
    return PushItem(f"{position}", person_pb2.Person(number=number, social_insurance=insurance))
