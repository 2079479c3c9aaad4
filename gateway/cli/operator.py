"""`popgate operator`: those who operate the gateway, and what they decided."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer

from gateway.cli.asking import Caller, as_operator
from gateway.cli.operation import actor_text, agency_json
from gateway.cli.options import JsonOption
from gateway.cli.output import message_json, moment, print_json, print_table

app = typer.Typer(name="operator", help="Those who operate the gateway, and what they decided.", no_args_is_help=True)


@app.command("list")
@as_operator
def list_operators(
    operator: Caller,
    as_json: JsonOption = False,
) -> None:
    """All operators."""
    from gateway.api.v1.options_pb2 import AGENCY_CLASS_OPERATOR

    agencies = operator.ask(lambda client, context: client.list_agencies(context=context))
    operators = [each for each in agencies if each.agency_class == AGENCY_CLASS_OPERATOR]
    if as_json:
        for each in operators:
            print_json(agency_json(each))
        return
    rows = ((each.code, each.name, "revoked" if each.revoked else "active", len(each.grants)) for each in operators)
    print_table(("code", "name", "state", "grants"), rows, numbers=frozenset({"grants"}))


@app.command()
@as_operator
def acts(
    operator: Caller,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Only acts after this number.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """What operators decided, oldest first: who, when, why."""
    found = operator.ask(lambda client, context: client.list_acts(after_number=after, context=context))
    if as_json:
        for each in found:
            print_json(message_json(each))
        return
    rows = (
        (each.number, moment(each.time.ToDatetime(UTC)), each.kind, each.subject, actor_text(each.actor))
        for each in found
    )
    print_table(("act", "time", "kind", "about", "by"), rows, numbers=frozenset({"act"}))
