"""`popgate household` and `popgate relatives`: people by other people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.asking import Asker, as_asker
from gateway.cli.options import JsonOption
from gateway.cli.output import (
    message_json,
    moment,
    print_json,
    print_person,
    print_withheld,
    receipt_json,
)

if TYPE_CHECKING:
    from gateway.client import Candidates, Household, Relatives, Resolved


def _known_kinships(kinships: list[str] | None) -> list[str] | None:
    from gateway.api.v1.person_pb2 import Kinship

    known = [name.removeprefix("KINSHIP_").lower() for name in Kinship.keys()[1:]]
    if any(each.lower() not in known for each in kinships or ()):
        raise typer.BadParameter(f"is one of {', '.join(known)}")
    return kinships


@as_asker
def household(
    asker: Asker,
    number: Annotated[str, typer.Argument(help="Number of a member, 12 digits.", metavar="NUMBER")] = "",
    household_number: Annotated[
        str, typer.Option("--household-number", help="Number of the household instead.", metavar="NUMBER")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Look up the members of a household."""
    if bool(number) == bool(household_number):
        raise typer.BadParameter("state a member's number, or --household-number")

    found = asker.ask(
        lambda client, context: client.household(
            number.replace(" ", ""),
            household_number=household_number,
            fields=asker.fields,
            context=context,
            timeout_seconds=asker.timeout_seconds,
        )
    )
    if as_json:
        members = [{"person": message_json(each.person), "version": each.version} for each in found.members]
        print_json({"members": members, "more": found.more, **about(found)})
        return
    for each in found.members:
        print_person(each.person, found.withheld)
        print()
    if not found.members:
        print("The person belongs to no household.")
    if found.more:
        print("There are more members than an answer holds.")
    print_about(found)


@as_asker
def relatives(
    asker: Asker,
    number: Annotated[str, typer.Argument(help="The person's number, 12 digits.", metavar="NUMBER")],
    kinship: Annotated[
        list[str] | None,
        typer.Option(
            "--kinship",
            help="father, mother, spouse, child, representative or represented; may be repeated.",
            metavar="KINSHIP",
            show_default="all",
            callback=_known_kinships,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look up the relatives of a person."""
    found = asker.ask(
        lambda client, context: client.relatives(
            number.replace(" ", ""),
            kinships=kinship or (),
            fields=asker.fields,
            context=context,
            timeout_seconds=asker.timeout_seconds,
        )
    )
    if as_json:
        print_json(
            {
                "relatives": [
                    {"kinships": each.kinships, "person": message_json(each.person), "version": each.version}
                    for each in found.relatives
                ],
                **about(found),
            }
        )
        return
    for each in found.relatives:
        print(", ".join(each.kinships).lower())
        print_person(each.person, found.withheld, "  ")
        print()
    if not found.relatives:
        print("The registry links nobody whom the agency may see.")
    print_about(found)


def about(found: Household | Relatives | Resolved | Candidates) -> dict[str, object]:
    """What the JSON of an answer says beside its people."""
    return {
        "withheld": [{"path": each.path, "reason": each.reason} for each in found.withheld],
        "read_time": found.read_time.isoformat(),
        "receipt": receipt_json(found.receipt),
        "call_id": found.call_id,
    }


def print_about(found: Household | Relatives | Resolved | Candidates) -> None:
    """Say what is withheld, when it was read and under which entry."""
    print_withheld(found.withheld)
    print(
        f"read {moment(found.read_time)}, entry {found.receipt.index} of {found.receipt.origin}, call {found.call_id}"
    )
