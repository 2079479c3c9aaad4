"""What agencies' files hold, which mistakes are planted in them, and that the truth beside them tells every one."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from registry.engine import open_engine, registry_url
from registry.errors import NotBuilt
from registry.image import Values
from registry.linked import LINKED
from registry.load import Loader
from registry.names import text_key
from registry.tables import person
from seed.block import make_block
from seed.commands import app
from seed.errors import ExportRefused, NothingToExport, UnknownAgency
from seed.extracts.agencies import CARRIER, EDUCATION, EXTRACTS, HOSPITAL, SOCIAL_INSURANCE, VACCINATION, extract_of
from seed.extracts.dirt import BATCH_ROWS, Fault
from seed.extracts.export import Exported, export
from seed.extracts.mistakes import Mistake, mistaken, without_diacritics
from seed.extracts.records import Identity, Record
from seed.extracts.truth import truth_path
from seed.plan import Plan
from seed.rows import Rows

PEOPLE = 9_000
DIRT = 0.2
Line = dict[str, str]

FATHER = Identity("Trần Văn Hòa", 19600305, "001060000001", "010000001")
CHILD = Record(
    person_id=7,
    of="001201000007",
    written=Identity("Lý Thị Thủy", 20010305, "001201000007", "010000007"),
    parts=("Lý", "Thị", "Thủy"),
    sex=2,
    father=FATHER,
    mother=Identity("Ngô Thị Đào", 19640000, "001164000002", None),
    line="Thôn 2",
    commune="00004",
    commune_old="00001",
    phone="0912345678",
    own={},
)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with people, and with rows of each dataset an extract is made of that are easy to tell."""
    directory = tmp_path_factory.mktemp("state")
    batch = make_block(Plan(PEOPLE, 3), 0)
    linked = {dataset.table.name for dataset in LINKED.values()}
    tables = {name: rows for name, rows in batch.tables.items() if name not in linked}
    with Loader(open_engine(registry_url(directory))) as loader:
        loader.begin(people=PEOPLE, seed=3)
        for name, rows in tables.items():
            loader.insert(name, rows)
        for extract in EXTRACTS:
            if extract.scope.dataset is not None:
                loader.insert(LINKED[extract.scope.dataset].table.name, _linked_rows(extract.scope.dataset, tables))
        loader.finish(epoch="00")
    return directory


def _linked_rows(dataset: str, tables: Mapping[str, Rows]) -> Mapping[str, Values]:
    """A row for two people of three: texts tell the person, numbers are dates of different years."""
    table = LINKED[dataset].table
    who = [number for number in tables["person"]["person_id"].tolist() if number % 3]
    rows: dict[str, Values] = {"person_id": who, "updated_on": [20240331] * len(who)}
    for name in LINKED[dataset].columns:
        if table.c[name].type.python_type is int:
            rows[name] = [20180115 if number % 2 else 20230120 for number in who]
        else:
            rows[name] = [f"{number:010d}"[-(getattr(table.c[name].type, "length", None) or 10) :] for number in who]
    return rows


@pytest.fixture(scope="module")
def engine(state: Path) -> Iterator[Engine]:
    engine = open_engine(registry_url(state), read_only=True)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def exports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Each agency's file, clean and with errors."""
    directory = tmp_path_factory.mktemp("extracts")
    made = {}
    for extract in EXTRACTS:
        paths = (directory / f"{extract.code}.csv", directory / f"{extract.code}.dirty.csv")
        for path, dirt in zip(paths, (0.0, DIRT), strict=True):
            _export(engine, extract.code, path, dirt=dirt)
        made[extract.code] = paths
    return made


def _export(engine: Engine, code: str, out: Path, *, dirt: float = 0.0, seed: int = 1) -> Exported:
    return export(engine, extract_of(code), out, dirt=dirt, seed=seed, progress=lambda done, people: None)


def _read(path: Path) -> list[Line]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _errors(path: Path) -> list[list[str]]:
    return [line["errors"].split(";") if line["errors"] else [] for line in _read(truth_path(path))]


def test_a_clean_extract_says_what_the_registry_says(engine: Engine, exports: dict[str, tuple[Path, Path]]) -> None:
    with engine.connect() as connection:
        people = {row["number"]: row for row in connection.execute(select(person)).mappings()}
        table = LINKED["social_insurance"].table
        codes = {row.person_id: row.code for row in connection.execute(select(table.c.person_id, table.c.code))}
    lines, truth = _read(exports["social-insurance"][0]), _read(truth_path(exports["social-insurance"][0]))
    assert len(lines) == len(truth) == len(codes)
    by_id = {row["person_id"]: row for row in people.values()}
    for line, true in zip(lines, truth, strict=True):
        row = people[true["number"]]
        assert line["ho_ten"].split() == f"{row['surname']} {row['middle_name']} {row['given_name']}".split()
        assert line["so_cccd"] == row["number"]
        assert line["so_cmnd"] == (row["legacy_number"] or "")
        assert line["ma_so_bhxh"] == codes[row["person_id"]]
        assert [int(part) for part in line["ngay_sinh"].split("-")][-1] == row["birth_year"]
        assert bool(line["ho_ten_me"]) == (row["mother_id"] is not None)
        if row["father_id"] is not None:
            assert line["ho_ten_cha"].startswith(by_id[row["father_id"]]["surname"])
        assert line["dia_chi_thuong_tru"].startswith(row["permanent_line"])
        assert true["errors"] == ""


def test_agencies_write_dates_each_in_its_own_format(exports: dict[str, tuple[Path, Path]]) -> None:
    formats = {
        "carrier": ("ngay_sinh", r"(\d\d/\d\d/)?\d{4}"),
        "hospital": ("NGAY_SINH", r"\d{8}"),
        "social-insurance": ("ngay_sinh", r"(\d\d-\d\d-)?\d{4}"),
        "tax": ("ngay_sinh", r"\d{4}(-\d\d-\d\d)?"),
    }
    for code, (name, pattern) in formats.items():
        lines = _read(exports[code][0])
        assert np.char.isdigit([line[name].replace("/", "").replace("-", "") for line in lines]).all()
        assert all(re.fullmatch(pattern, line[name]) for line in lines)


def test_a_carrier_holds_the_old_card_of_who_came_before_the_new_one(exports: dict[str, tuple[Path, Path]]) -> None:
    for line in _read(exports["carrier"][0]):
        assert len(line["so_giay_to"]) == (9 if line["loai_giay_to"] == "CMND" else 12)
        if line["loai_giay_to"] == "CMND":
            assert line["ngay_kich_hoat"] == "15/01/2018"


def test_a_hospital_holds_some_of_the_living_only(engine: Engine, exports: dict[str, tuple[Path, Path]]) -> None:
    with engine.connect() as connection:
        dead = set(connection.execute(select(person.c.number).where(person.c.death_date.is_not(None))).scalars())
    numbers = {line["number"] for line in _read(truth_path(exports["hospital"][0]))}
    assert dead
    assert not numbers & dead
    assert 0.37 < len(numbers) / PEOPLE < 0.43


@pytest.mark.parametrize("code", [extract.code for extract in EXTRACTS])
def test_the_truth_tells_all_errors_and_only_those_rows_differ(
    code: str, exports: dict[str, tuple[Path, Path]]
) -> None:
    clean, dirty = map(_read, exports[code])
    truth = _read(truth_path(exports[code][1]))
    assert [line["row"] for line in truth] == [str(row) for row in range(1, len(clean) + 1)]
    assert [line["number"] for line in truth] == [line["number"] for line in _read(truth_path(exports[code][0]))]
    for before, after, true in zip(clean, dirty, truth, strict=True):
        assert (before != after) == bool(true["errors"])
    known = {mistake.value for mistake in extract_of(code).mistakes} | {fault.value for fault in Fault}
    made = Counter(error for errors in _errors(exports[code][1]) for error in errors)
    assert set(made) <= known
    assert known - set(made) <= {fault.value for fault in Fault}


@pytest.mark.parametrize("code", [extract.code for extract in EXTRACTS])
def test_the_share_of_wrong_rows_is_about_what_was_asked(code: str, exports: dict[str, tuple[Path, Path]]) -> None:
    errors = _errors(exports[code][1])
    assert abs(sum(map(bool, errors)) / len(errors) - DIRT) < 0.03


@pytest.mark.parametrize("dirt", [0.02, 0.5, 0.9])
def test_any_share_can_be_asked_for(dirt: float, engine: Engine, tmp_path: Path) -> None:
    made = _export(engine, "carrier", tmp_path / "made.csv", dirt=dirt)
    assert abs(made.wrong / made.rows - dirt) < max(0.03 * dirt, 0.02)


def test_the_errors_of_a_clerk_are_alike(exports: dict[str, tuple[Path, Path]]) -> None:
    """Two wrong rows of one clerk show the same mistake far oftener than two of different clerks."""
    by_clerk: dict[str, list[str]] = defaultdict(list)
    for line in _read(truth_path(exports["social-insurance"][1])):
        error = line["errors"].split(";")[0]
        if error and error not in {fault.value for fault in Fault}:
            by_clerk[line["clerk"]].append(error)
    counts = {clerk: Counter(errors) for clerk, errors in by_clerk.items()}

    def alike(one: Counter[str], two: Counter[str]) -> float:
        return sum(one[error] * two[error] for error in one) / (one.total() * two.total())

    own = [alike(count, count) for count in counts.values() if count.total() > 100]
    across = [alike(one, two) for one, two in combinations(counts.values(), 2)]
    assert len(own) >= 2
    assert max(own) > 0.3
    assert np.mean(own) > 2 * np.mean(across)


def test_careless_clerks_make_most_of_the_mistakes(exports: dict[str, tuple[Path, Path]]) -> None:
    rows, wrong = Counter[str](), Counter[str]()
    faults = {fault.value for fault in Fault}
    for line in _read(truth_path(exports["social-insurance"][1])):
        rows[line["clerk"]] += 1
        wrong[line["clerk"]] += bool(line["errors"]) and line["errors"] not in faults
    rates = sorted(wrong[clerk] / rows[clerk] for clerk in rows)
    assert rates[-2] > 2 * rates[0]
    # Clerks of equal care would differ by chance only: three standard deviations on either side.
    mean = wrong.total() / rows.total()
    assert rates[-1] - rates[0] > 6 * (mean * (1 - mean) / min(rows.values())) ** 0.5


def test_a_batch_has_one_fault_in_every_row_where_it_can_show(exports: dict[str, tuple[Path, Path]]) -> None:
    by_batch: dict[str, list[str]] = defaultdict(list)
    for line in _read(truth_path(exports["social-insurance"][1])):
        by_batch[line["batch"]].append(line["errors"])
    faults = {fault.value for fault in Fault}
    found = {batch: set(errors) & faults for batch, errors in by_batch.items()}
    assert {len(errors) for errors in by_batch.values()} <= {BATCH_ROWS, len(by_batch[max(by_batch, key=int)])}
    assert all(len(kinds) <= 1 for kinds in found.values())
    assert 0.01 < sum(map(bool, found.values())) / len(found) < 0.08
    swapped = [errors for errors in by_batch.values() if "swapped_columns" in errors or "lost_leading_zeros" in errors]
    assert all(sum(error in faults for error in errors) > 0.9 * len(errors) for errors in swapped)


def test_the_same_seed_gives_the_same_files_and_another_one_other_errors(engine: Engine, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        _export(engine, "carrier", tmp_path / f"{name}.csv", dirt=DIRT, seed=seed)
    one, two, three = (tmp_path / f"{name}.csv" for name in ("one", "two", "three"))
    assert one.read_bytes() == two.read_bytes()
    assert truth_path(one).read_bytes() == truth_path(two).read_bytes()
    assert one.read_bytes() != three.read_bytes()


def test_parquet_holds_the_same_as_csv(engine: Engine, exports: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    out = tmp_path / "it's.parquet"
    _export(engine, "carrier", out, dirt=DIRT)
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT * FROM read_parquet($1)", [str(out)]).fetchall()
        truth = connection.execute("SELECT errors FROM read_parquet($1)", [str(truth_path(out))]).fetchall()
    expected = [tuple(value or None for value in line.values()) for line in _read(exports["carrier"][1])]
    assert rows == expected
    assert [list(errors) for (errors,) in truth] == _errors(exports["carrier"][1])
    assert {path.name for path in tmp_path.iterdir()} == {out.name, truth_path(out).name}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(state: Path, engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UnknownAgency, match="hospital, vaccination, carrier"):
        extract_of("bank")
    for out, words in (
        (tmp_path / "out.txt", "must end in"),
        (tmp_path / "none" / "out.csv", "no directory"),
    ):
        with pytest.raises(ExportRefused, match=words):
            _export(engine, "carrier", out)
    with pytest.raises(ExportRefused, match="share of dirt"):
        _export(engine, "carrier", tmp_path / "out.csv", dirt=1.0)
    with pytest.raises(NotBuilt):
        _export(open_engine(tmp_path / "empty.db"), "carrier", tmp_path / "out.csv")
    (tmp_path / "taken.truth.csv").write_text("")
    with pytest.raises(ExportRefused, match="exists already"):
        _export(engine, "carrier", tmp_path / "taken.csv")
    assert not list(tmp_path.glob("out*"))
    assert not list(tmp_path.glob("*.partial"))


def test_a_population_without_the_dataset_is_refused(tmp_path: Path) -> None:
    with Loader(open_engine(tmp_path / "registry.db")) as loader:
        loader.begin(people=50, seed=1)
        linked = {dataset.table.name for dataset in LINKED.values()}
        for name, rows in make_block(Plan(50, 1), 0).tables.items():
            if name not in linked:
                loader.insert(name, rows)
        loader.finish(epoch="00")
    with pytest.raises(NothingToExport, match="no enrolment"):
        _export(open_engine(tmp_path / "registry.db", read_only=True), "education", tmp_path / "out.csv")
    assert not list(tmp_path.glob("out*"))


def test_an_interrupted_export_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    def interrupt(_done: int, _people: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(engine, HOSPITAL, tmp_path / "out.csv", dirt=0.0, seed=1, progress=interrupt)
    assert not list(tmp_path.iterdir())


def test_a_second_export_to_the_same_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    def begin_again(_done: int, _people: int) -> None:
        with pytest.raises(ExportRefused, match="another export writes it"):
            _export(engine, "hospital", tmp_path / "out.csv")

    export(engine, HOSPITAL, tmp_path / "out.csv", dirt=0.0, seed=1, progress=begin_again)
    assert len(_read(tmp_path / "out.csv")) > 1000


def test_the_command_exports_and_refuses_in_sentences(state: Path, tmp_path: Path) -> None:
    arguments = ["export", "--state", str(state), "--agency", "education", "--out", str(tmp_path / "out.csv")]
    done = CliRunner().invoke(app, [*arguments, "--dirt", "0.1"])
    assert done.exit_code == 0
    assert done.output.startswith("wrote 6,000 rows, ")
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert again.output.startswith("refused: ")
    assert "nothing was overwritten" in again.output


def test_extracts_name_datasets_of_the_registry_and_columns_of_their_own() -> None:
    for extract in EXTRACTS:
        assert {extract.scope.dataset, *extract.scope.beside} - {None} <= set(LINKED)
        assert {extract.name, *extract.numbers, *extract.swapped} <= set(extract.columns)


@pytest.mark.parametrize(
    ("mistake", "name"),
    [
        (Mistake.TONE_PLACEMENT, "Lý Thị Thuỷ"),
        (Mistake.FINAL_I_FOR_Y, "Lí Thị Thủy"),
        (Mistake.NO_DIACRITICS, "Ly Thi Thuy"),
        (Mistake.DOUBLE_SPACE, "Lý  Thị Thủy"),
        (Mistake.UPPER_CASE, "LÝ THỊ THỦY"),
        (Mistake.WESTERN_ORDER, "Thủy Thị Lý"),
        (Mistake.DECOMPOSED, unicodedata.normalize("NFD", "Lý Thị Thủy")),
    ],
)
def test_names_are_misspelt_as_people_do(mistake: Mistake, name: str) -> None:
    assert mistaken(CHILD, mistake, None).written.name == name
    harmless = mistake not in (Mistake.NO_DIACRITICS, Mistake.WESTERN_ORDER)
    assert (text_key(name) == text_key(CHILD.written.name)) == harmless


def test_letters_of_the_alphabet_lose_all_their_marks() -> None:
    assert without_diacritics("Đặng Thị Ngọc Đường") == "Dang Thi Ngoc Duong"


def test_other_mistakes_change_what_they_are_about() -> None:
    assert mistaken(CHILD, Mistake.SWAPPED_DAY_MONTH, None).written.birth == 20010503
    assert mistaken(CHILD, Mistake.FIRST_OF_JANUARY, None).written.birth == 20010101
    assert mistaken(CHILD, Mistake.FATHER_AS_MOTHER, None).mother == FATHER
    assert mistaken(CHILD, Mistake.OLD_NUMBER_ONLY, None).written.number is None
    assert mistaken(CHILD, Mistake.SHARED_OLD_NUMBER, FATHER).written.legacy == "010000001"
    assert mistaken(CHILD, Mistake.PARENTS_CARD, None).written == CHILD.mother
    assert mistaken(CHILD, Mistake.OLD_DISTRICT, None).old_district == "Quận Ba Đình"


def test_mistakes_that_cannot_be_made_change_nothing() -> None:
    orphan = mistaken(CHILD, Mistake.PARENTS_CARD, None)  # her row now shows the mother: no full date, no old number
    assert mistaken(orphan, Mistake.SWAPPED_DAY_MONTH, None) == orphan
    assert mistaken(orphan, Mistake.OLD_NUMBER_ONLY, None) == orphan
    assert mistaken(orphan, Mistake.SHARED_OLD_NUMBER, FATHER) == orphan
    assert mistaken(orphan, Mistake.WESTERN_ORDER, None) == orphan


def test_each_error_of_practice_is_planted_somewhere() -> None:
    assert {mistake for extract in EXTRACTS for mistake in extract.mistakes} == set(Mistake)
    assert Mistake.PARENTS_CARD in CARRIER.mistakes
    assert Mistake.OLD_NUMBER_ONLY in VACCINATION.mistakes
    assert Mistake.FATHER_AS_MOTHER in EDUCATION.mistakes
    assert Mistake.SHARED_OLD_NUMBER in SOCIAL_INSURANCE.mistakes
