"""The report as tables for a terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seed.report.figures import CHOICES, JUDGED_PEOPLE_MIN, Comparison, sources
from seed.report.measure import Report

CELLS_MAX = 24  # of a comparison; beyond that the largest deviations stand for it


def print_report(report: Report, console: Console) -> None:
    """Everything, summary last, so that it is what one sees in a terminal."""
    for comparison in (*report.marginals, *report.joints):
        console.print(_cells(comparison))
    console.print(_coverages(report))
    console.print(_choices())
    console.print(_summary("Marginal tables", report.marginals))
    console.print(_summary("Joint tables", report.joints))
    console.print(_rates(report))
    console.print(_rules(report))
    console.print(verdict(report))


def verdict(report: Report) -> str:
    """One sentence."""
    people = f"{report.counts.living:,} living people in {report.households:,} households"
    if report.is_good and report.counts.living < JUDGED_PEOPLE_MIN:
        return f"{people}: too few to judge by distances, {len(report.rules)} rules are kept"
    if report.is_good:
        return f"{people}: every bound holds, {len(report.rules)} rules are kept"
    outside = f"outside its bound: {', '.join(report.exceeded)}" if report.exceeded else "every bound holds"
    return f"{people}: {outside}; rows that break a rule: {report.violations:,}"


def verdict_mark(is_within: bool | None) -> str:
    """A word for a verdict."""
    return {True: "within", False: "OUTSIDE", None: "shown"}[is_within]


def number(value: float | None) -> str:
    """A distance, or nothing."""
    return "" if value is None else f"{value:.4f}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right")
    return table


def _cells(comparison: Comparison) -> Table:
    source, certainty = sources().get(comparison.target.file, ("", ""))
    known = bool(comparison.expected)
    expected = comparison.expected or (0.0,) * len(comparison.labels)
    cells = list(zip(comparison.labels, comparison.observed, expected, strict=True))
    title = comparison.target.title
    if len(cells) > CELLS_MAX:
        title += f" ({CELLS_MAX} of {len(cells)} cells, largest {'deviations' if known else 'shares'})"
        cells = sorted(cells, key=lambda cell: -abs(cell[1] - cell[2]))[:CELLS_MAX]
    table = _table(title, "", "share %", *(("expected %", "deviation") if known else ()))
    for label, share, wanted in cells:
        values = (f"{100 * wanted:.3f}", f"{100 * (share - wanted):+.3f}") if known else ()
        table.add_row(label, f"{100 * share:.3f}", *values)
    table.caption = "; ".join(part for part in (source, certainty, comparison.target.note) if part) or None
    table.caption_justify = "left"
    return table


def _summary(title: str, comparisons: tuple[Comparison, ...]) -> Table:
    table = _table(
        title, "", "counted", "distance", "allowed", "from independence", "at least", "independent draws", "verdict"
    )
    for each in comparisons:
        table.add_row(
            each.target.title,
            f"{each.people:,}",
            number(each.distance),
            number(each.allowed),
            number(each.independence),
            number(each.target.dependence_min),
            number(each.independent_distance),
            verdict_mark(each.is_within),
        )
    return table


def _rates(report: Report) -> Table:
    table = _table("Rates", "", "observed", "target", "deviation", "allowed", "unit", "source", "verdict")
    for rate in report.rates:
        table.add_row(
            rate.name,
            f"{rate.observed:.2f}",
            f"{rate.expected:.2f}",
            f"{rate.observed - rate.expected:+.2f}",
            "" if rate.bound is None else f"{rate.bound:.2f}",
            rate.unit,
            rate.source,
            verdict_mark(rate.is_within),
        )
    return table


def _coverages(report: Report) -> Table:
    decades = range(0, 90, 10)
    table = _table("Registries, % of living people by age", "", "rows", "people", "all", *(f"{at}+" for at in decades))
    for each in report.coverages:
        shares = (each.by_age[start : start + 10] for start in decades)
        table.add_row(
            each.name,
            f"{each.rows:,}",
            f"{each.people:,}",
            f"{100 * each.share:.1f}",
            *(f"{100 * sum(ages) / len(ages):.0f}" for ages in shares),
        )
    return table


def _choices() -> Table:
    table = _table("Where sources disagree", "rate", "target", "instead of", "because")
    for choice in CHOICES:
        table.add_row(choice.rate, choice.chosen, choice.instead_of, choice.why)
    return table


def _rules(report: Report) -> Table | str:
    broken = [rule for rule in report.rules if rule.broken]
    if not broken:
        return f"Integrity: {len(report.rules)} rules, none broken\n"
    table = _table(f"Integrity: {len(report.rules)} rules, {len(broken)} broken", "rule", "rows that break it")
    for rule in broken:
        table.add_row(rule.name, f"{rule.broken:,}")
    return table
