"""Questions of `popgate grant` about the policy: who, try, unused, expiring."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer

from gateway.cli.asking import Caller, as_operator
from gateway.cli.exits import REFUSED
from gateway.cli.grant import app
from gateway.cli.operation import GRANT_HEADINGS, AgencyArgument, grant_cells, grant_json, whom
from gateway.cli.options import JsonOption
from gateway.cli.output import message_json, moment, print_json, print_pairs, print_table

__all__ = ["app"]


@app.command()
@as_operator
def who(
    operator: Caller,
    field: Annotated[str, typer.Argument(metavar="PATH", help="Field of Person.")],
    as_json: JsonOption = False,
) -> None:
    """Who could see a field now, or have it verified."""
    holders = operator.ask(lambda client, context: client.list_field_holders(field, context=context))
    if as_json:
        for holder in holders:
            print_json(message_json(holder))
        return
    rows = (
        (
            holder.agency,
            holder.grant_id,
            "/".join(part for part in (holder.unit, holder.system) if part),
            tuple(holder.seen),
            tuple(holder.verified),
            tuple(holder.purposes),
            whom(holder.own_subjects, holder.provinces),
            moment(holder.until_time.ToDatetime(UTC), zone=False),
        )
        for holder in holders
    )
    headings = ("agency", "grant", "narrowed for", "sees", "verifies", "purposes", "of whom", "until (+07:00)")
    print_table(headings, rows, numbers=frozenset({"grant"}))


@app.command("try")
@as_operator
def try_call(
    operator: Caller,
    agency: AgencyArgument,
    method: Annotated[str, typer.Option(metavar="METHOD", help="Method that it would call.")],
    asked_purpose: Annotated[str, typer.Option("--for", metavar="PURPOSE=BASIS", help="Purpose and legal basis.")],
    fields: Annotated[str, typer.Option("--fields", "-f", metavar="PATH,...", help="Fields it would ask for.")] = "",
    unit: Annotated[str, typer.Option(help="Unit that would call.")] = "",
    system: Annotated[str, typer.Option(help="System that would call.")] = "",
    province: Annotated[str, typer.Option(metavar="CODE", help="Province of the person's residence.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What an agency would be answered for a call; exit code 1 when it would be refused."""
    from gateway.api.v1.reason_pb2 import ErrorReason
    from gateway.cli.options import paths_of

    stated, _, basis = asked_purpose.partition("=")
    if not stated or not basis:
        raise typer.BadParameter("is not PURPOSE=BASIS", param_hint="--for")
    told = operator.ask(
        lambda client, context: client.preview_call(
            agency,
            method,
            stated,
            basis,
            fields=paths_of(fields) if fields else (),
            unit=unit,
            system=system,
            province=province,
            context=context,
        ),
    )
    if as_json:
        print_json(message_json(told) | ({"grant": grant_json(told.grant)} if told.grant_id else {}))
    else:
        reason = ErrorReason.Name(told.reason).removeprefix("ERROR_REASON_")
        pairs = {
            "answer": "answered" if told.allowed else f"refused: {reason}",
            "grant": f"{told.grant_id}" if told.grant_id else "none",
            "narrowed by": ", ".join(map(str, told.grant.narrowed_by)),
            "disclosed": ", ".join(told.disclosed),
            "withheld": ", ".join(told.withheld),
        }
        print_pairs((name, value) for name, value in pairs.items() if value)
    if not told.allowed:
        raise typer.Exit(REFUSED)


@app.command()
@as_operator
def unused(
    operator: Caller,
    days: Annotated[int, typer.Option(min=1, max=400, help="For so many days.")] = 90,
    agency: Annotated[str, typer.Option(help="Only of this agency.", show_default="all")] = "",
    as_json: JsonOption = False,
) -> None:
    """Granted purposes, methods and fields that nobody used, from the access log."""
    found = operator.ask(
        lambda client, context: client.list_unused_rights(days, agency=agency, context=context),
    )
    if as_json:
        print_json(message_json(found))
        return
    rows = (
        (right.agency, right.grant_id, tuple(right.purposes), tuple(right.methods), tuple(right.fields))
        for right in found.rights
    )
    print_table(("agency", "grant", "purposes", "methods", "fields"), rows, numbers=frozenset({"grant"}))
    since = moment(found.from_time.ToDatetime(UTC))
    whole = "" if found.complete else "; not all of the time could be read, so that some may have been used before"
    print(f"{found.entries_count:,} entries since {since}{whole}.")


@app.command()
@as_operator
def expiring(
    operator: Caller,
    days: Annotated[int, typer.Option(min=1, max=400, help="Within so many days.")] = 31,
    as_json: JsonOption = False,
) -> None:
    """Grants that end soon, the first to end first."""
    found = operator.ask(lambda client, context: client.list_expiring_grants(days, context=context))
    if as_json:
        for each in found:
            print_json({"agency": each.agency, "grant": grant_json(each.grant)})
        return
    rows = ((each.grant.grant_id, each.agency, *grant_cells(each.grant)) for each in found)
    print_table(("grant", "agency", *GRANT_HEADINGS), rows, numbers=frozenset({"grant"}))
