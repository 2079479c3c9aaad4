"""What a search states, checked, and who in the registry answers to it. Synchronous."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date

from gateway.agency.grants import Right
from gateway.api.v1 import finding_pb2, person_pb2
from gateway.errors import ArgumentInvalid, FieldNotGranted, FieldViolation
from gateway.lookup.errors import TooManyFound
from gateway.lookup.ranking import Grade, Match, Wanted, rank
from registry.datasets import UnitVersion
from registry.names import search_key
from registry.searching import Candidate, SearchStore
from registry.units import Units

FOUND_MAX = 20
"""People in an answer."""
COMPARED_MAX = 5000
"""People whom one search compares, by each of its two ways to them."""
YEARS_MAX = 5
RELATIVES = "relatives"
"""The field that parents' names are told by."""
_YEAR_MIN = 1900

_PLACES = (
    ("commune_code", UnitVersion.SINCE_2025_07_01),
    ("former_commune_code", UnitVersion.UNTIL_2025_06_30),
    ("province_code", UnitVersion.SINCE_2025_07_01),
    ("former_province_code", UnitVersion.UNTIL_2025_06_30),
)
_SAME_PLACE: Grade = (100, finding_pb2.MATCH_REASON_PLACE)
_SAME_PROVINCE: Grade = (60, finding_pb2.MATCH_REASON_PLACE_PROVINCE)
_ELSEWHERE: Grade = (0, finding_pb2.MATCH_REASON_UNSPECIFIED)


class Searching:
    """The use-case of SearchPersons."""

    def __init__(self, store: SearchStore, units: Units) -> None:
        self._store = store
        self._units = units

    def check(self, right: Right, request: finding_pb2.SearchPersonsRequest, today: date) -> Wanted:
        """What is wanted. Raises ArgumentInvalid, FieldNotGranted when the grant does not cover a criterion."""
        for field in ("name", "father_name", "mother_name"):
            stated = getattr(request, field)
            if stated and len(stated.split()) < 2:
                raise _invalid(field, "must have at least two syllables")
        if request.sex not in person_pb2.Sex.values():
            raise _invalid("sex", "is no sex of the contract")
        birth, years = _births(request, today.year)
        stated_places = [field for field, _ in _PLACES if getattr(request, field)]
        if len(stated_places) > 1:
            raise _invalid(stated_places[1], "cannot be stated beside another unit")
        _check_granted(right, request, birth is not None)
        place = None if not stated_places else _Place(self._units, request, stated_places[0])
        communes = place.communes if place is not None else ()
        return Wanted(request.name, years, birth, place, communes, request.father_name, request.mother_name)

    def find(
        self,
        wanted: Wanted,
        sex: int,
        provinces: Collection[str],
        own: Callable[[Sequence[int]], Collection[int]],
    ) -> list[Match]:
        """Who matches among the people of some provinces (none: of all), best first, at most 20.

        `own`: those of some people who may be in scope; nobody else is counted. Raises TooManyFound, RegistryError.
        """
        words = wanted.name.split()
        # As is right; all reversed; the surname last, as foreign forms have it; the given name first.
        orders = (words, words[::-1], [words[-1], *words[:-1]], [*words[1:], words[0]])
        keys = sorted({search_key(" ".join(order)) for order in orders})
        found = self._store.by_keys(keys, wanted.years, sex, provinces, COMPARED_MAX + 1)
        near = []
        if wanted.communes:
            near = self._store.by_communes(wanted.communes, wanted.years, sex, provinces, COMPARED_MAX + 1)
        candidates = {each.person_id: each for each in (*found, *near)}
        in_scope = own(list(candidates))
        candidates = {person_id: each for person_id, each in candidates.items() if person_id in in_scope}
        matches = rank(wanted, candidates, self._parents(wanted, candidates.values()))
        cut = max(len(found), len(near)) > COMPARED_MAX
        if cut or len(matches) > FOUND_MAX:
            at_least = {"at_least": "true"} if cut else {}
            raise TooManyFound(metadata={"found": str(len(matches)), **at_least})
        return matches

    def _parents(self, wanted: Wanted, candidates: Collection[Candidate]) -> dict[int, str]:
        asked: set[int] = set()
        if wanted.father:
            asked |= {each.father_id for each in candidates if each.father_id is not None}
        if wanted.mother:
            asked |= {each.mother_id for each in candidates if each.mother_id is not None}
        return self._store.names(sorted(asked))


class _Place:
    """Grades how near a candidate's permanent residence is to the unit stated. Raises ArgumentInvalid for no unit."""

    def __init__(self, units: Units, request: finding_pb2.SearchPersonsRequest, field: str) -> None:
        self._units = units
        self._version = dict(_PLACES)[field]
        self.communes: tuple[str, ...] = ()
        """Communes since 1/7/2025 in which such people live; empty when only a province is stated."""
        code: str = getattr(request, field)
        self._commune = ""
        try:
            if not field.endswith("commune_code"):
                self._province = units.province(self._version, code).code
                return
            self._commune = code
            self._province = units.province_of(self._version, code).code
            is_present = self._version is UnitVersion.SINCE_2025_07_01
            self.communes = (code,) if is_present else units.successors(code)
        except KeyError:
            raise _invalid(field, "is no unit of that map") from None

    def __call__(self, candidate: Candidate) -> Grade:
        is_present = self._version is UnitVersion.SINCE_2025_07_01
        commune = candidate.commune if is_present else candidate.commune_old
        if commune is None:
            return _ELSEWHERE
        if self._commune and commune == self._commune:
            return _SAME_PLACE
        province = candidate.scope if is_present else self._units.province_of(self._version, commune).code
        if province != self._province:
            return _ELSEWHERE
        return _SAME_PROVINCE if self._commune else _SAME_PLACE


def _births(
    request: finding_pb2.SearchPersonsRequest, this_year: int
) -> tuple[tuple[int, int, int] | None, tuple[int, int]]:
    """The birth date when one is stated, and the first and last year."""
    first, last = request.first_birth_year, request.last_birth_year
    if request.HasField("birth_date") == bool(first or last):
        raise _invalid("birth_date", "or both birth years are stated, not both")
    if not request.HasField("birth_date"):
        if not _YEAR_MIN <= first <= last <= this_year:
            raise _invalid("first_birth_year", f"must be from {_YEAR_MIN} to last_birth_year, and that not to come")
        if last - first >= YEARS_MAX:
            raise _invalid("last_birth_year", f"is at most {YEARS_MAX - 1} years after the first")
        return None, (first, last)
    stated = request.birth_date
    try:
        date(stated.year, stated.month or 1, stated.day or 1)
    except ValueError:
        raise _invalid("birth_date", "is no date") from None
    if not _YEAR_MIN <= stated.year <= this_year or (stated.day and not stated.month):
        raise _invalid("birth_date", "must have its year, and with the day its month, and not be to come")
    return (stated.year, stated.month, stated.day), (stated.year, stated.year)


def _check_granted(right: Right, request: finding_pb2.SearchPersonsRequest, by_date: bool) -> None:
    """Each criterion answers a question about its field, so that the grant must let it be seen.

    What may be compared only is compared within a guess budget; a search would tell it by trying, and counts nothing.
    """
    covered = right.fields
    needed = {"name", "birth_date" if by_date else "birth_date.year"}
    if "birth_date" in covered:
        needed.discard("birth_date.year")
    if request.sex:
        needed.add("sex")
    if any(getattr(request, field) for field, _ in _PLACES):
        needed.add("permanent_residence")
    if request.father_name or request.mother_name:
        needed.add(RELATIVES)
    missing = sorted(needed - covered)
    if missing:
        raise FieldNotGranted(metadata={"fields": ",".join(missing)})


def _invalid(field: str, what: str) -> ArgumentInvalid:
    return ArgumentInvalid(violations=[FieldViolation(field, what)])
