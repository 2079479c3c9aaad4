"""`popgate resolve` and `popgate search`: people by old numbers, and by what is known of them."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from gateway.cli.asking import Asker, as_asker
from gateway.cli.finding import about, print_about
from gateway.cli.options import JsonOption, KindOption
from gateway.cli.output import message_json, print_json, print_person

_BORN = re.compile(r"(?:(?:(\d{1,2})/)?(\d{1,2})/)?(\d{4})(?:-(\d{4}))?")


@as_asker
def resolve(
    asker: Asker,
    number: Annotated[str, typer.Argument(help="The old number: 9, 10 or 12 digits.", metavar="NUMBER")],
    kind: KindOption = "",
    as_json: JsonOption = False,
) -> None:
    """Find who has or had a number of an older kind."""
    found = asker.ask(
        lambda client, context: client.resolve(
            number.replace(" ", ""),
            kind=kind,
            fields=asker.fields,
            context=context,
            timeout_seconds=asker.timeout_seconds,
        )
    )
    if as_json:
        person = {"person": message_json(found.person), "version": found.version, "kinds": found.kinds}
        print_json({**person, **about(found)})
        return
    print_person(found.person, found.withheld)
    print(f"by {', '.join(found.kinds).lower().replace('_', ' ')}")
    print_about(found)


@as_asker
def search(
    asker: Asker,
    name: Annotated[str, typer.Argument(help="Full name, with or without its marks.", metavar="NAME")],
    born: Annotated[
        str, typer.Option("--born", help="dd/mm/yyyy, mm/yyyy, yyyy, or years as 1988-1990.", metavar="DATE")
    ],
    sex: Annotated[str, typer.Option("--sex", help="male or female.", metavar="SEX")] = "",
    commune: Annotated[str, typer.Option("--commune", help="Commune since 1/7/2025.", metavar="CODE")] = "",
    former_commune: Annotated[
        str, typer.Option("--former-commune", help="Commune until 30/6/2025.", metavar="CODE")
    ] = "",
    province: Annotated[str, typer.Option("--province", help="Province since 1/7/2025.", metavar="CODE")] = "",
    former_province: Annotated[
        str, typer.Option("--former-province", help="Province until 30/6/2025.", metavar="CODE")
    ] = "",
    father: Annotated[str, typer.Option("--father", help="Full name of the father.", metavar="NAME")] = "",
    mother: Annotated[str, typer.Option("--mother", help="Full name of the mother.", metavar="NAME")] = "",
    as_json: JsonOption = False,
) -> None:
    """Search for a person by name, birth and what else is known."""
    from gateway.client import Criteria

    birth, years = _born(born)
    criteria = Criteria(name, birth, years, sex, commune, former_commune, province, former_province, father, mother)

    try:
        criteria.request()
    except ValueError:
        raise typer.BadParameter("is neither male nor female", param_hint="--sex") from None
    found = asker.ask(
        lambda client, context: client.search(
            criteria, fields=asker.fields, context=context, timeout_seconds=asker.timeout_seconds
        )
    )
    if as_json:
        candidates = [
            {
                "person": message_json(each.person),
                "version": each.version,
                "score": each.score,
                "reasons": each.reasons,
            }
            for each in found.candidates
        ]
        print_json({"candidates": candidates, **about(found)})
        return
    for each in found.candidates:
        print(f"{each.score} of 100: {', '.join(each.reasons).lower().replace('_', ' ')}")
        print_person(each.person, found.withheld, "  ")
        print()
    if not found.candidates:
        print("Nobody whom the agency may see matches.")
    print_about(found)


def _born(text: str) -> tuple[tuple[int, int, int] | None, tuple[int, int] | None]:
    """A birth date, or the first and last year. Raises a usage error."""
    read = _BORN.fullmatch(text.strip())
    if read is None or (read[4] and read[2]):
        raise typer.BadParameter("is neither a date nor years", param_hint="--born")
    if read[4]:
        return None, (int(read[3]), int(read[4]))
    return (int(read[3]), int(read[2] or 0), int(read[1] or 0)), None
