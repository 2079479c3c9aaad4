"""The report as one HTML page: no script, nothing loaded from elsewhere, readable in light, dark and on paper. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from registry.datasets import MaritalStatus
from seed.figures import BASE_DATE, Floats, read_rows
from seed.report.counting import HOUSEHOLD_TYPES, LONE
from seed.report.figures import CHOICES, Comparison, sources
from seed.report.marginals import GROUPS, group_label
from seed.report.measure import Report
from seed.report.pictures import areas, bars, columns, heat, pyramid
from seed.report.style import STYLE
from seed.report.text import number, verdict, verdict_mark

NAMES_SHOWN = 8
ROWS_SHOWN = 20
CELLS_SHOWN_MAX = 60
MARITAL_AGES = (15, 85)


def page(report: Report) -> str:
    """A whole HTML document."""
    title = f"Synthetic population of {report.population.people:,} people"
    body = "".join(
        (
            _head(report),
            _section("People", _people(report)),
            _section("Households and families", _families(report)),
            _section("Names", _names(report)),
            _section("Places", _places(report)),
            _section("Registries of other agencies", _registries(report)),
            _section("Distances", _distances(report)),
            _section("Rates", _rates(report)),
            _section("Integrity", _integrity(report)),
            _section("Where sources disagree", _choices()),
            _section("All cells", _cells(report)),
        )
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(report: Report) -> str:
    compared = [each for each in (*report.marginals, *report.joints) if each.is_within is not None]
    judged = [rate for rate in report.rates if rate.is_within is not None]
    held = sum(each.is_within is True for each in compared) + sum(rate.is_within is True for rate in judged)
    rows = sum(each.rows for each in report.coverages)
    tiles = (
        (f"{report.counts.living:,}", "living people"),
        (f"{report.households:,}", "households"),
        (f"{rows:,}", f"rows in {len(report.coverages)} registries"),
        (f"{held} / {len(compared) + len(judged)}", "bounds held"),
        (f"{report.violations:,}", f"rows against {len(report.rules)} rules"),
    )
    boxes = "".join(f"<div><b>{value}</b><span>{name}</span></div>" for value, name in tiles)
    state = "good" if report.is_good else "bad"
    return (
        "<header><h1>A synthetic Viet Nam, measured</h1>"
        f"<p>{report.population.people:,} people from seed {report.population.seed}, as of {BASE_DATE}. "
        "Nobody here exists. Bars are the population; orange marks are the figures it should follow.</p>"
        f'<div class="tiles">{boxes}</div><p class="verdict {state}">{escape(verdict(report))}</p></header>'
    )


def _people(report: Report) -> Iterable[str]:
    by_name = _by_name(report)
    shape = by_name["age_sex"]
    observed = np.array(shape.observed).reshape(2, GROUPS)
    expected = np.array(shape.expected).reshape(2, GROUPS)
    yield _figure("Age and sex", pyramid(observed, expected, [group_label(at) for at in range(GROUPS)]), shape)
    ethnic, religion = by_name["ethnic_group"], by_name["religion"]
    yield _figure("Ethnic groups but the Kinh", _bars(ethnic, largest_from=1), ethnic)
    yield _figure("Religions", _bars(religion), religion)
    marital = by_name["marital"]
    kinds = [status.name.lower().replace("_", " ") for status in MaritalStatus]
    key = "".join(f'<span class="key part{at}">{kind}</span>' for at, kind in enumerate(kinds))
    first, last = MARITAL_AGES
    for sex, who in enumerate(("men", "women")):
        status = report.counts.status[sex, first:last, 1:]
        shares = status / np.maximum(status.sum(axis=1, keepdims=True), 1.0)
        title = f"Marital status of {who} by age"
        yield _figure(title, areas(shares, kinds, first=first, title=title) + f'<p class="keys">{key}</p>', marital)


def _families(report: Report) -> Iterable[str]:
    by_name = _by_name(report)
    for name in ("household_size", "household_type", "mother_age", "spouse_gap", "sibling_gap"):
        each = by_name[name]
        draw = _bars(each) if name == "household_type" else _columns(each)
        yield _figure(each.target.title, draw, each)
    households = report.counts.households
    sizes = np.arange(households.shape[2])
    total = households.sum(axis=2)
    mean = households @ sizes / np.maximum(total, 1.0)
    decades = [f"{decade}0s" for decade in range(1, 10)]
    rows = "".join(
        f"<tr><td>{escape(kind)}</td>"
        + "".join(
            f"<td>{mean[at, decade]:.1f}</td>" if total[at, decade] >= 5 else "<td></td>" for decade in range(1, 10)
        )
        + "</tr>"
        for at, kind in enumerate(HOUSEHOLD_TYPES[:LONE])
    )
    table = _table(["mean members, by the head's age", *decades], rows)
    yield _figure("Household size by type and the head's age", table, by_name["household_size_by_type_and_age"])


def _names(report: Report) -> Iterable[str]:
    by_name = _by_name(report)
    surname, given = by_name["surname"], by_name["given_name"]
    yield _figure("Surnames", _bars(surname), surname)
    cohorts: dict[str, list[tuple[str, float, float]]] = {}
    for label, share, wanted in zip(given.labels, given.observed, given.expected, strict=True):
        sex, years, name = label.split(" ", 2)
        cohorts.setdefault(f"{sex} {years}", []).append((name, share, wanted))
    for cohort, found in cohorts.items():
        total = sum(share for _, share, _ in found) or 1.0
        most = sorted(found, key=lambda each: -each[1])[:NAMES_SHOWN]
        names = [name for name, _, _ in most]
        sex, years = cohort.split(" ")
        title = f"{'Men' if sex == 'male' else 'Women'} born {_years(years)}"
        drawn = bars(names, [share / total for _, share, _ in most], [want / total for *_, want in most], title=title)
        yield _figure(title, drawn, None)


def _places(report: Report) -> Iterable[str]:
    by_name = _by_name(report)
    province = by_name["province"]
    order = np.argsort([-share for share in province.expected])
    half = len(order) // 2 + 1
    for at, part in enumerate((order[:half], order[half:])):
        picture = _picked(province, part.tolist())
        yield _figure("Provinces until 30/6/2025" + (", continued" if at else ""), picture, province)
    for name, table in (("native_province", report.counts.native), ("birth_province", report.counts.birth)):
        each = by_name[name]
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
        codes = _province_codes()
        yield _figure(each.target.title, heat(shares, codes, codes, title=each.target.title, every=4), each)


def _registries(report: Report) -> Iterable[str]:
    rows = [each for each in report.coverages if each.rows]
    groups = [group_label(at, 17) for at in range(18)]
    living = report.counts.status.sum(axis=(0, 2))
    table = np.array([_five_years(np.array(each.by_age), living) for each in rows]).reshape(len(rows), 18)
    names = [each.name.replace("_", " ") for each in rows]
    if rows:
        yield _figure("People covered, by age", heat(table, names, groups, title="Coverage by age", every=2), None)
    lines = "".join(
        f"<tr><td>{escape(each.name.replace('_', ' '))}</td><td>{each.rows:,}</td><td>{each.people:,}</td>"
        f"<td>{100 * each.share:.1f}</td></tr>"
        for each in report.coverages
    )
    yield _figure("Rows and people", _table(["registry", "rows", "living people", "% of them"], lines), None)


def _distances(report: Report) -> Iterable[str]:
    heads = ["table", "counted", "distance", "allowed", "from independence", "at least", "independent draws", ""]
    for title, comparisons in (("Marginal tables", report.marginals), ("Joint tables", report.joints)):
        rows = "".join(
            f"<tr><td>{escape(each.target.title)}</td><td>{each.people:,}</td><td>{number(each.distance)}</td>"
            f"<td>{number(each.allowed)}</td><td>{number(each.independence)}</td>"
            f"<td>{number(each.target.dependence_min)}</td><td>{number(each.independent_distance)}</td>"
            f"<td>{_mark(each.is_within)}</td></tr>"
            for each in comparisons
        )
        yield f'<figure class="wide"><figcaption>{title}</figcaption>{_table(heads, rows)}</figure>'
    yield (
        '<p class="wide note">Distances are total variation: 0 is equal, 1 is disjoint. Allowed is the bound at a '
        "million people and, for fewer, the noise of fair draws: bound + 1.5 (noise(n) − noise(1,000,000)), where "
        "noise(n) is half the sum of √(2p(1−p)/πn) over the cells and n counts people over how many share one draw. "
        "“Independent draws” is how far a population with the same marginals and no ties would be from the table.</p>"
    )


def _rates(report: Report) -> Iterable[str]:
    rows = "".join(
        f"<tr><td>{escape(rate.name)}</td><td>{rate.observed:.2f}</td><td>{rate.expected:.2f}</td>"
        f"<td>{rate.observed - rate.expected:+.2f}</td><td>{'' if rate.bound is None else f'{rate.bound:.2f}'}</td>"
        f"<td>{escape(rate.unit)}</td><td>{escape(rate.source)}</td><td>{_mark(rate.is_within)}</td></tr>"
        for rate in report.rates
    )
    heads = ["rate", "observed", "target", "deviation", "allowed", "unit", "source", ""]
    yield f'<figure class="wide">{_table(heads, rows)}</figure>'


def _integrity(report: Report) -> Iterable[str]:
    rows = "".join(
        f"<tr><td>{escape(rule.name)}</td><td>{rule.broken:,}</td><td>{_mark(rule.broken == 0)}</td></tr>"
        for rule in sorted(report.rules, key=lambda rule: -rule.broken)
    )
    kept = f"{sum(rule.broken == 0 for rule in report.rules)} of {len(report.rules)} rules are kept"
    yield (
        f'<details class="wide"><summary>{kept}</summary>{_table(["rule", "rows that break it", ""], rows)}</details>'
    )


def _choices() -> Iterable[str]:
    rows = "".join(
        f"<tr><td>{escape(each.rate)}</td><td>{escape(each.chosen)}</td><td>{escape(each.instead_of)}</td>"
        f"<td>{escape(each.why)}</td></tr>"
        for each in CHOICES
    )
    yield f'<figure class="wide words">{_table(["rate", "target", "instead of", "because"], rows)}</figure>'


def _cells(report: Report) -> Iterable[str]:
    for each in (*report.marginals, *report.joints):
        expected: Sequence[float] = each.expected or (0.0,) * len(each.labels)
        cells = sorted(zip(each.labels, each.observed, expected, strict=True), key=lambda cell: -abs(cell[1] - cell[2]))
        shown = cells[:CELLS_SHOWN_MAX]
        rows = "".join(
            f"<tr><td>{escape(label)}</td><td>{100 * share:.3f}</td>"
            + (f"<td>{100 * want:.3f}</td><td>{100 * (share - want):+.3f}</td>" if each.expected else "")
            + "</tr>"
            for label, share, want in shown
        )
        heads = ["", "share %", *(["expected %", "deviation"] if each.expected else [])]
        count = f"{len(shown)} of {len(cells)}" if len(shown) < len(cells) else f"{len(cells)}"
        title = (
            f"{escape(each.target.title)}: {count} cells, largest {'deviations' if each.expected else 'shares'} first"
        )
        yield f'<details class="wide"><summary>{title}</summary>{_table(heads, rows)}</details>'


def _by_name(report: Report) -> dict[str, Comparison]:
    return {each.target.name: each for each in (*report.marginals, *report.joints)}


def _bars(each: Comparison, largest_from: int = 0) -> str:
    order = np.argsort([-share for share in each.expected], kind="stable")[largest_from : largest_from + ROWS_SHOWN]
    return _picked(each, sorted(order.tolist()) if len(each.labels) <= ROWS_SHOWN else order.tolist())


def _picked(each: Comparison, order: Sequence[int]) -> str:
    return bars(
        [each.labels[at] for at in order],
        [each.observed[at] for at in order],
        [each.expected[at] for at in order] if each.expected else [],
        title=each.target.title,
    )


def _columns(each: Comparison) -> str:
    labels = [label.replace(" months", "").replace(" years", "").replace(" to ", "…") for label in each.labels]
    return columns(labels, each.observed, each.expected, title=each.target.title)


def _figure(title: str, body: str, comparison: Comparison | None) -> str:
    note = ""
    if comparison is not None:
        source, certainty = sources().get(comparison.target.file, ("", ""))
        facts = []
        if comparison.distance is not None:
            facts.append(f"distance {comparison.distance:.4f}, allowed {number(comparison.allowed)}")
        elif comparison.independence is not None:
            facts.append(f"{comparison.independence:.2f} from independence")
        facts += [part for part in (source, certainty, comparison.target.note) if part]
        note = f'<p class="note">{_mark(comparison.is_within)} {escape("; ".join(facts))}</p>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{body}{note}</figure>"


def _section(title: str, parts: Iterable[str]) -> str:
    return f'<section><h2>{escape(title)}</h2><div class="grid">{"".join(parts)}</div></section>'


def _table(heads: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _mark(is_within: bool | None) -> str:
    kind = {True: "good", False: "bad", None: "faint"}[is_within]
    return f'<span class="mark {kind}">{verdict_mark(is_within)}</span>'


def _years(span: str) -> str:
    since, until = span.split("-")
    return f"{since} and later" if int(until) >= BASE_DATE.astype(object).year else f"{since}–{until}"


def _province_codes() -> list[str]:
    return sorted(row["gso_code"] for row in read_rows("provinces_63.csv"))


def _five_years(by_age: Floats, living: Floats) -> Floats:
    covered, all_ = np.zeros(18), np.zeros(18)
    groups = np.minimum(np.arange(len(by_age)) // 5, 17)
    np.add.at(covered, groups, by_age * living)
    np.add.at(all_, groups, living)
    return covered / np.maximum(all_, 1.0)
