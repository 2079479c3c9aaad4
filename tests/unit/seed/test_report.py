"""A population is measured against its figures; every bound holds, and a spoilt population is noticed."""

import json
import shutil
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from registry.engine import open_engine, registry_url
from seed.build import build
from seed.commands import EXIT_REFUSED, app
from seed.plan import Plan
from seed.report.figures import FULL_SIZE, TARGETS, Target, allowed, compare, distance, noise, sources
from seed.report.joints import dependence
from seed.report.measure import Report, measure
from seed.report.page import page
from seed.report.text import print_report, verdict

PEOPLE = 8_000
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("measured")
    build(Plan(PEOPLE, 3), directory, epoch="0" * 16, workers=1, progress=lambda _stage, _done: None)
    return directory


@pytest.fixture(scope="module")
def report(state: Path) -> Report:
    return measured(state)


def measured(state: Path) -> Report:
    engine = open_engine(registry_url(state), read_only=True)
    try:
        return measure(engine)
    finally:
        engine.dispose()


def spoilt(state: Path, copy: Path, *statements: str) -> Path:
    shutil.copyfile(registry_url(state), registry_url(copy))
    # Without the registry's engine, which would refuse what breaks a reference.
    with closing(sqlite3.connect(registry_url(copy), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return copy


def test_every_bound_holds_and_no_row_contradicts_another(report: Report) -> None:
    assert report.exceeded == ()
    assert {rule.name: rule.broken for rule in report.rules if rule.broken} == {}
    assert report.is_good


def test_every_target_is_compared_with(report: Report) -> None:
    assert {each.target.name for each in (*report.marginals, *report.joints)} == set(TARGETS)


def test_the_tables_with_stated_bounds_keep_them_at_a_million() -> None:
    stated = {"age_sex": 0.01, "province": 0.005, "household_size": 0.02, "surname": 0.02, "ethnic_group": 0.01}
    assert {name: TARGETS[name].bound for name in stated} == stated


def test_every_file_that_is_compared_with_has_a_source() -> None:
    assert {target.file for target in TARGETS.values() if target.file} <= set(sources())


def test_everybody_living_is_counted_once_in_each_table(report: Report) -> None:
    whole = {"age_sex", "province", "surname", "ethnic_group", "religion"}
    assert {each.people for each in report.marginals if each.target.name in whole} == {report.counts.living}
    assert report.counts.living + int(report.counts.dead.sum()) == PEOPLE


@pytest.mark.parametrize("name", ["mother_age", "spouse_gap", "native_province", "ethnic_by_province"])
def test_independent_draws_would_be_outside_the_bound(report: Report, name: str) -> None:
    [each] = [each for each in report.joints if each.target.name == name]
    assert each.independent_distance is not None
    assert each.allowed is not None
    assert each.independent_distance > each.allowed


CONTRADICTIONS = (
    # Each group is measured together: what one statement breaks no other one of its group does.
    {
        "number that says something else": "UPDATE person SET birth_year = birth_year + 1 WHERE person_id = 1",
        "mother is nobody": "UPDATE person SET mother_id = 99999 WHERE mother_id IS NOT NULL",
        "spouses of one sex": "UPDATE person SET spouse_id = person_id WHERE spouse_id IS NOT NULL",
        "household without exactly one head": "UPDATE person SET relation_to_head = 1 WHERE relation_to_head = 2",
        "living without a current residence": "UPDATE residence SET valid_to = 20240101 WHERE kind = 3",
        "passports: before birth": "INSERT INTO passport VALUES (1, 'A1234567', 18000101, NULL, 20240401)",
        "passport of nobody": "INSERT INTO passport VALUES (99999, 'A1234567', 20200101, NULL, 20240401)",
        "vehicles: after the base date": ("INSERT INTO vehicle VALUES (1, '30A-123.45', 1, NULL, NULL, 20300101, 1)"),
    },
    {
        "living without a household": "UPDATE person SET household_id = 99999",
        "child not younger than its mother (or a cycle)": (
            "UPDATE person SET mother_id ="
            " (SELECT c.person_id FROM person c WHERE c.mother_id = person.person_id LIMIT 1) "
            "WHERE person_id = (SELECT mother_id FROM person WHERE mother_id IS NOT NULL LIMIT 1)"
        ),
    },
)


@pytest.mark.parametrize("statements", CONTRADICTIONS, ids=["each of its own", "of many at once"])
def test_a_contradiction_is_noticed(state: Path, tmp_path: Path, statements: dict[str, str]) -> None:
    found = measured(spoilt(state, tmp_path, *statements.values()))
    broken = {each.name: each.broken for each in found.rules}
    assert statements.keys() <= {name for name, rows in broken.items() if rows}
    one_row = {name for name, statement in statements.items() if statement.startswith("INSERT")}
    assert {broken[name] for name in one_row} <= {1}
    assert broken["child not younger than its mother (or a cycle)"] <= 1


OVERSTEPS = {
    "Surnames": "UPDATE person SET surname = 'Nguyễn' WHERE person_id % 5 = 0",
    "Age and sex": "UPDATE person SET sex = 1 WHERE person_id % 10 = 0",
    "Ethnic groups": "UPDATE person SET ethnic_group = '02' WHERE person_id % 10 = 0",
    "People by province": "UPDATE person SET permanent_commune_old = '00001' WHERE person_id % 10 = 0",
    "Marital status by age and sex": ("UPDATE person SET spouse_id = NULL, marital_status = 1 WHERE person_id % 4 = 0"),
}


def test_a_distance_above_its_bound_is_noticed(state: Path, tmp_path: Path) -> None:
    found = measured(spoilt(state, tmp_path, *OVERSTEPS.values()))
    assert OVERSTEPS.keys() <= set(found.exceeded)
    assert not found.is_good
    assert all(title in verdict(found) for title in OVERSTEPS)


def test_distance_is_zero_for_equal_and_one_for_disjoint_shares() -> None:
    assert distance(np.array([10.0, 30.0]), np.array([0.25, 0.75])) == 0
    assert distance(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


def test_bounds_widen_by_the_noise_of_fair_draws_below_a_million_people() -> None:
    target, shares = Target("t", "t", "", bound=0.01), np.full(20, 0.05)
    drawn = np.random.default_rng(1).multinomial(2_000, shares, size=300)
    mean = float(np.mean([distance(counts.astype(float), shares) for counts in drawn]))
    assert noise(shares, 2_000) == pytest.approx(mean, rel=0.05)
    small, full = allowed(target, shares, 2_000), allowed(target, shares, FULL_SIZE)
    assert full == 0.01
    assert small == pytest.approx(0.01 + 1.5 * (noise(shares, 2_000) - noise(shares, FULL_SIZE)))
    assert allowed(target, shares, 10 * FULL_SIZE) == 0.01


def test_nobody_is_at_no_distance_from_anything() -> None:
    empty = compare(Target("t", "t", "", bound=0.01), ["a", "b"], np.zeros(2), np.ones(2))
    assert empty.distance is None
    assert empty.is_within is None


def test_dependence_is_zero_for_independent_and_large_for_equal_properties() -> None:
    assert dependence(np.outer([1.0, 2.0], [3.0, 4.0])) == pytest.approx(0)
    assert dependence(np.eye(4)) == pytest.approx(0.75)
    assert dependence(np.zeros((2, 2))) is None


def test_a_good_population_ends_with_0_and_json_that_says_so(state: Path, report: Report) -> None:
    result = RUNNER.invoke(app, ["report", "--state", str(state), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["good"] is True
    assert found == json.loads(json.dumps(report.as_json()))
    surnames = next(each for each in found["marginals"] if each["name"] == "surname")
    assert sum(cell["share"] for cell in surnames["cells"]) == pytest.approx(1)


def test_a_contradiction_ends_with_1(state: Path, tmp_path: Path) -> None:
    copy = spoilt(state, tmp_path, "UPDATE person SET household_id = 99999")
    result = RUNNER.invoke(app, ["report", "--state", str(copy)])
    assert result.exit_code == EXIT_REFUSED
    assert "rows that break a rule" in result.stdout


def test_a_store_without_a_population_is_refused_in_a_sentence(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["report", "--state", str(tmp_path)])
    assert result.exit_code == EXIT_REFUSED
    assert result.stderr.startswith("refused: ")


def test_the_text_shows_each_table_and_the_verdict(report: Report) -> None:
    console = Console(width=150, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as capture:
        print_report(report, console)
    shown = capture.get()
    for each in (*report.marginals, *report.joints):
        assert each.target.title in shown
    assert "every bound holds" in shown


class Tags(HTMLParser):
    """Which elements are open, so that a page that closes them wrongly is noticed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "line", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            raise ValueError(tag)


def test_the_page_stands_alone_and_closes_what_it_opens(state: Path, report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert RUNNER.invoke(app, ["report", "--state", str(state), "--html", str(file)]).exit_code == 0
    shown = file.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(shown)
    assert tags.open == []
    assert "svg" in tags.seen
    assert not tags.seen & {"script", "link", "img", "iframe"}
    assert "http" not in shown
    assert shown == page(report)
