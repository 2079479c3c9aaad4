"""Who is meant by a number of an older kind: a 9-digit card, a social insurance code, a tax code. Nobody is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.agency.grants import Right
from gateway.api.v1 import finding_pb2
from gateway.chain.turns import Threads, Turns
from gateway.errors import ArgumentInvalid, FieldViolation, RegistryUnavailable
from gateway.lookup.disclosure import only_scope
from gateway.lookup.people import People
from registry.errors import RegistryError
from registry.finding import FindingStore
from registry.searching import NumberKind, SearchStore

FIELDS: Final = {
    NumberKind.LEGACY_CARD: "legacy_number",
    NumberKind.SOCIAL_INSURANCE: "social_insurance.code",
    NumberKind.TAX: "tax_registration.former_code",
}
"""The field that holds each kind: who may see or compare it may name people by it."""

# Of one agency on one worker.
READS_AT_ONCE = 4
READS_WAITING_MAX = 60

_BY_DIGITS = {
    9: (NumberKind.LEGACY_CARD,),
    10: (NumberKind.SOCIAL_INSURANCE, NumberKind.TAX),
    12: (NumberKind.PERSONAL,),
}
# Circular 105/2020/TT-BTC: the tenth digit of a tax code is 10 less the weighted sum of the others modulo 11.
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def kinds_of(number: str, stated: int) -> tuple[NumberKind, ...]:
    """What a number of 9, 10 or 12 digits can be, as far as the caller says (0: nothing). Raises ArgumentInvalid."""
    check_kind(stated)
    if not can_be(number, stated):
        raise ArgumentInvalid(violations=[FieldViolation("number", "has not the digits of its kind")])
    if stated:
        return (NumberKind(stated),)
    possible = _BY_DIGITS[len(number)]
    return possible if len(number) != 10 or is_tax_code(number) else (NumberKind.SOCIAL_INSURANCE,)


def check_kind(kind: int) -> None:
    """Raises ArgumentInvalid when the contract has no such kind."""
    if kind not in finding_pb2.NumberKind.values():
        raise ArgumentInvalid(violations=[FieldViolation("kind", "is no kind of the contract")])


def can_be(number: str, kind: int) -> bool:
    """Whether a number of 9, 10 or 12 digits has the digits of a kind (0: of any)."""
    return not kind or kind in _BY_DIGITS[len(number)]


def is_older(text: str) -> bool:
    """Whether a text is a number of an older kind by its form: 9 or 10 digits."""
    return len(text) in (9, 10) and text.isascii() and text.isdigit()


def is_tax_code(number: str) -> bool:
    """Whether the check digit of a 10-digit code is right."""
    weighed = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, number, strict=False))
    return 10 - weighed % 11 == int(number[9])


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom an older number means to a caller.

    `number`: the current one of the only person in scope, empty when there is nobody, or several. `candidates`: how
    many in scope. `others`: person_ids of all holders where no single one is meant. `withheld`: fields by which the
    caller may not name people; where they are all that the number can be, nobody was looked for.
    """

    number: str = ""
    candidates: int = 0
    others: Sequence[int] = ()
    withheld: Sequence[str] = ()
    looked_for: bool = True


class OlderNumbers:
    """Finds people by older numbers, a batch at once."""

    def __init__(self, store: SearchStore, finding: FindingStore, people: People, threads: Threads) -> None:
        self._store = store
        self._finding = finding
        self._people = people
        self._threads = threads
        self._turns = Turns(READS_AT_ONCE, READS_WAITING_MAX)

    async def meant(self, agency: str, right: Right, numbers: Sequence[str], kind: int) -> dict[str, Meant]:
        """Whom each of some numbers of 9 or 10 digits means. `kind`: as the caller states it.

        Raises ArgumentInvalid, RegistryUnavailable, StreamsExhausted.
        """
        kinds = {number: kinds_of(number, kind) for number in numbers}
        if not kinds:
            return {}
        return await self._threads.run(agency, self._meant, right, kinds, within=self._turns)

    def _meant(self, right: Right, kinds: Mapping[str, Sequence[NumberKind]]) -> dict[str, Meant]:
        allowed = {kind for kind, path in FIELDS.items() if path in right.verify_fields or path in right.fields}
        holders: dict[str, dict[int, str]] = {number: {} for number in kinds}
        try:
            for kind in allowed:
                asked = [number for number, possible in kinds.items() if kind in possible]
                for number, found in self._store.holders_of(kind, asked).items():
                    holders[number] |= found
            own = self._own(right, holders.values())
            seen = {number: _in_scope(right, own, found) for number, found in holders.items()}
            alone = {number: people[0] for number, people in seen.items() if len(people) == 1}
            current = self._finding.numbers(list(dict.fromkeys(alone.values())))
        except RegistryError as error:
            raise RegistryUnavailable from error
        meant = {}
        for number, possible in kinds.items():
            one = current.get(alone.get(number, -1), "")
            meant[number] = Meant(
                one,
                candidates=len(seen[number]),
                others=() if one else tuple(holders[number]),
                withheld=[FIELDS[kind] for kind in possible if kind not in allowed],
                looked_for=any(kind in allowed for kind in possible),
            )
        return meant

    def _own(self, right: Right, holders: Iterable[Mapping[int, str]]) -> frozenset[int]:
        """Those of all holders who may be in scope at all."""
        everybody = list(dict.fromkeys(person_id for found in holders for person_id in found))
        return self._people.own(only_scope(right.provinces, right.owner), everybody)


def _in_scope(right: Right, own: frozenset[int], holders: Mapping[int, str]) -> list[int]:
    near = [person_id for person_id, scope in holders.items() if not right.provinces or scope in right.provinces]
    return [person_id for person_id in near if person_id in own]
