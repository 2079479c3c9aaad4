"""Stored fragments and columns answer alike, byte for byte, for every mask and right, also while people change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.catalogue import Catalogue
from gateway.errors import FieldNotGranted
from gateway.lookup.disclosure import FRAGMENT_LEAVES, NUMBER, VERSION, Disclosure, Disclosures
from gateway.lookup.fragments import ENCODING, BasicFragments
from gateway.lookup.pairwise import PairwiseKey
from gateway.lookup.people import Found, People, UnitNames
from gateway.lookup.results import person_result, without
from registry.datasets import ChangeKind, Dataset
from registry.engine import open_engine
from registry.pack import LOOK_SECONDS, Pack
from registry.packing import Packer
from registry.people import PeopleStore
from registry.ready import ReadyPeople
from registry.units import Units
from registry.writer import Update, Writer
from tests.world import BASIC, COMMUNE, COMMUNE_SOUTH, FORMER_NUMBER, FULL, number_of

CATALOGUE = Catalogue.compile()
DISCLOSURES = Disclosures(CATALOGUE)
PEOPLE = 40
GOLDEN = "85dbe6e1bbf06ece32de1f70c7697d9911b826da1e275b765427f0d6f8d03060"
LEAVES = st.sampled_from(sorted(CATALOGUE.leaves))
SOME = st.lists(st.sampled_from(BASIC), min_size=1, unique=True)
MASKS = st.just(list(BASIC)) | st.permutations(BASIC) | SOME | st.lists(LEAVES, min_size=1, max_size=8)
GRANTED = (
    st.just(frozenset(BASIC))
    | SOME.map(frozenset)
    | st.just(frozenset(CATALOGUE.leaves))
    | st.frozensets(LEAVES, min_size=1)
)
PROVINCES = st.sampled_from([frozenset[str](), frozenset({"01"}), frozenset({"79"}), frozenset({"01", "79"})])
NUMBERS = st.lists(
    st.sampled_from([*map(number_of, range(1, PEOPLE + 1)), FORMER_NUMBER, "001090999999"]), min_size=2, max_size=12
)
MOVES = st.builds(
    lambda person_id, commune, line, day: Update(
        Dataset.RESIDENCE,
        {"permanent_commune": commune, "permanent_line": line, "permanent_since": 20251001 + day},
        kinds=ChangeKind.RESIDENCE,
        made_at=1_760_000_000_000_000,
        person_id=person_id,
    ),
    st.integers(1, PEOPLE),
    st.sampled_from([COMMUNE, COMMUNE_SOUTH]),
    st.text("abcđêỗ 0123456789", max_size=200),
    st.integers(0, 27),
)
INSURED = st.builds(
    lambda person_id, employer: Update(
        Dataset.SOCIAL_INSURANCE,
        {"status": 1, "employer_unit": employer, "updated_on": 20251101},
        kinds=ChangeKind.VALUES,
        made_at=1_760_000_000_000_000,
        person_id=person_id,
    ),
    st.integers(1, PEOPLE),
    st.text("ABC", min_size=1, max_size=3),
)


@dataclass(frozen=True, slots=True)
class Sides:
    """A registry as its writer and its readers hold it."""

    writer: Writer
    packer: Packer
    store: PeopleStore
    tables: People
    """Reads stored fragments from their table."""
    packs: People
    """Reads them from a pack, as soon as there is one."""
    places: UnitNames

    def told(self, disclosure: Disclosure, numbers: list[str]) -> list[tuple[int, bytes] | None]:
        """What the columns have of each: person and result; None of whoever is absent or out of scope."""
        return [
            None if found is None or not disclosure.in_scope(found.row) else self._told(disclosure, found, number)
            for number, found in zip(numbers, self.tables.by_number(disclosure, numbers), strict=True)
        ]

    def _told(self, disclosure: Disclosure, found: Found, number: str) -> tuple[int, bytes]:
        person = person_pb2.Person()
        disclosure.fill(person, found.row, found.related, self.places)
        superseded = found.row[NUMBER] != number
        return found.row[0], person_result(person.SerializeToString(), found.row[VERSION], superseded, "")


@pytest.fixture(scope="module")
def sides(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    path = tmp_path_factory.mktemp("fragments") / "registry.db"
    shutil.copyfile(registry, path)
    engine, reading = open_engine(path), open_engine(path, read_only=True)
    places = UnitNames(Units.from_engine(engine))
    encoder = BasicFragments(DISCLOSURES, places)
    writer = Writer(engine, encoder)
    packer = Packer(engine, encoder, path.with_suffix(".pack"))
    store = PeopleStore(reading)
    ticks = count(step=LOOK_SECONDS)
    tables, packs = (
        People(store, ready=ReadyPeople(store.reader, reading, encoder, path.with_suffix(suffix), lambda: next(ticks)))
        for suffix in (".none", ".pack")
    )
    yield Sides(writer, packer, store, tables, packs, places)
    store.close()
    writer.close()


@settings(max_examples=150, deadline=None)
@given(MASKS, GRANTED, PROVINCES, NUMBERS, st.lists(MOVES | INSURED, max_size=4), st.integers(0, 3), st.booleans())
def test_fragments_packs_and_columns_answer_alike(
    sides: Sides,
    mask: list[str],
    granted: frozenset[str],
    provinces: frozenset[str],
    numbers: list[str],
    updates: list[Update],
    made: int,
    packed: bool,
) -> None:
    if packed:
        sides.packer.pack()
    sides.writer.apply(updates)
    if made:
        sides.writer.fill_fragments(made)
    try:
        disclosure = DISCLOSURES.of(Right(1, granted, provinces), mask)
    except FieldNotGranted:
        return
    if not disclosure.ready:
        return
    told = sides.told(disclosure, numbers)
    for people in (sides.tables, sides.packs):
        for one, person_id, result in zip(told, *people.ready(disclosure, numbers), strict=True):
            assert not person_id or one == (person_id, without(result, disclosure.dropped))


def test_fragments_and_packs_were_really_used(sides: Sides) -> None:
    while sides.writer.fill_fragments(100):
        pass
    assert sides.packer.pack() or Pack(sides.packer.path).header.anchor[0] == sides.store.last_position()
    disclosure = DISCLOSURES.of(Right(1, FRAGMENT_LEAVES, frozenset()), BASIC)
    numbers = [number_of(position) for position in range(1, PEOPLE + 1)]
    told = sides.told(disclosure, numbers)
    for people in (sides.tables, sides.packs):
        assert list(zip(*people.ready(disclosure, numbers), strict=True)) == told
    assert (sides.tables.packed, sides.packs.packed) == (False, True)


def test_only_the_basic_six_may_be_ready() -> None:
    six, five = (DISCLOSURES.of(Right(1, FRAGMENT_LEAVES, frozenset()), mask) for mask in (BASIC, BASIC[1:]))
    assert (six.ready, six.dropped) == (True, ())
    assert (five.ready, five.dropped) == (True, (BASIC[0],))
    of_a_grant = DISCLOSURES.of(Right(1, FRAGMENT_LEAVES - {"name", "sex"}, frozenset()), [*BASIC, "religion"])
    assert (of_a_grant.ready, of_a_grant.dropped) == (True, ("name", "sex"))
    assert not DISCLOSURES.of(Right(1, FRAGMENT_LEAVES, frozenset()), ["permanent_residence.province_code"]).ready
    assert not DISCLOSURES.of(Right(1, FRAGMENT_LEAVES | {"religion"}, frozenset()), [*BASIC, "religion"]).ready
    with_tokens = Disclosures(CATALOGUE, PairwiseKey(bytes(32)))
    right = Right(1, FRAGMENT_LEAVES, frozenset(), pairwise=True, agency="carrier")
    assert not with_tokens.of(right, BASIC).ready


def test_the_stored_bytes_are_those_of_the_encoding(registry: Path) -> None:
    """Changes to what is encoded must change `ENCODING` with it, or old bytes would go on being served."""
    engine = open_engine(registry, read_only=True)
    store, encoder = PeopleStore(engine), BasicFragments(DISCLOSURES, UnitNames(Units.from_engine(engine)))
    rows = store.read(store.plan(encoder.columns), [number_of(FULL)])
    (encoded,) = encoder.encode([row for row in rows if row is not None])
    assert (ENCODING, sha256(repr(encoded).encode()).hexdigest()) == ("basic/2", GOLDEN)
    store.close()
