"""`popgate grant`: what agencies may do. One operator proposes, another one approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.asking import Caller, as_operator
from gateway.cli.operation import GRANT_HEADINGS, AgencyArgument, actor_text, grant_cells, grant_json, whom
from gateway.cli.options import JsonOption
from gateway.cli.output import message_json, moment, print_json, print_table

if TYPE_CHECKING:
    from gateway.api.v1.agency_service_pb2 import Grant, GrantProposal

app = typer.Typer(
    name="grant", help="Say what agencies may do: propose, approve, change, end grants.", no_args_is_help=True
)

_DISCLOSING = frozenset({"LookUpPerson", "Pull"})

GrantArgument = Annotated[int, typer.Argument(metavar="GRANT", help="Number of the grant.", min=1)]
ProposalArgument = Annotated[int, typer.Argument(metavar="PROPOSAL", help="Number of the proposal.", min=1)]
MethodsOption = Annotated[
    str, typer.Option(metavar="METHOD,...", help="LookUpPerson, Pull, Push; of auditors QueryAccesses.")
]
AllowOption = Annotated[
    list[str],
    typer.Option(metavar="PURPOSE=BASIS,...", help="A purpose with its legal bases; repeat for more purposes."),
]
GrantedFields = Annotated[
    str,
    typer.Option(
        "--fields", "-f", metavar="PATH,...", help="Fields of Person; +NAME is a set, see `popgate grant sets`."
    ),
]
VerifiedFields = Annotated[
    str, typer.Option("--verify", metavar="PATH,...", help="Fields that may be compared, not seen; +NAME is a set.")
]
PredicatesOption = Annotated[str, typer.Option(metavar="NAME,...", help="Yes/no questions: alive, age_at_least:18.")]
ProvincesOption = Annotated[
    str, typer.Option(metavar="CODE,...", help="Only people of these provinces.", show_default="everyone")
]
LeniencyOption = Annotated[
    str, typer.Option(help="How far spellings may differ: exact, spelling, lenient.", show_default="exact")
]
TemplateOption = Annotated[
    str, typer.Option(metavar="NAME", help="Begin with this template; see `popgate grant templates`.")
]
OwnOption = Annotated[bool, typer.Option("--own-subjects", help="Only people whom the agency enrolled.")]
SignedOption = Annotated[bool, typer.Option("--signed", help="Each request under the grant must be signed.")]
QuotaOption = Annotated[
    list[str],
    typer.Option(
        "--quota",
        metavar="[METHOD:]NAME=N,...",
        help="Limits of a method, or of all: calls_per_second, calls_burst, people_per_day, calls_at_once, "
        "streams_at_once.",
    ),
]
GuessesOption = Annotated[int, typer.Option(min=0, max=1000, help="Wrong answers about one person in a day.")]
DaysOption = Annotated[
    int,
    typer.Option(
        min=0, max=3650, help="In force for so many days from now.", show_default="365; as long as what it narrows"
    ),
]


@app.command()
@as_operator
def propose(
    operator: Caller,
    agency: AgencyArgument,
    template: TemplateOption = "",
    methods: MethodsOption = "",
    allow: AllowOption = [],  # noqa: B006 - typer copies it
    fields: GrantedFields = "",
    verify: VerifiedFields = "",
    predicates: PredicatesOption = "",
    provinces: ProvincesOption = "",
    leniency: LeniencyOption = "",
    own_subjects: OwnOption = False,
    signed: SignedOption = False,
    quota: QuotaOption = [],  # noqa: B006
    guesses_per_day: GuessesOption = 0,
    days: DaysOption = 0,
    narrows: Annotated[int, typer.Option(min=0, metavar="GRANT", help="What of this grant a unit shall have.")] = 0,
    unit: Annotated[str, typer.Option(help="With --narrows: the unit.")] = "",
    system: Annotated[str, typer.Option(help="With --narrows: the system.")] = "",
    changes: Annotated[
        int, typer.Option(min=0, metavar="GRANT", help="Propose these terms for a grant that there is.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Propose a right for an agency: methods, for purposes, with fields. In force once another operator approves."""
    from gateway.client import grant_terms

    named = [method.strip() for method in methods.split(",") if method.strip()]
    seen, seen_sets = _paths(fields)
    verified, verified_sets = _paths(verify)
    if not fields and not template and not _DISCLOSING.isdisjoint(named):
        raise typer.BadParameter("a grant to look up or pull discloses nothing without fields", param_hint="--fields")
    try:
        terms = grant_terms(
            methods=named,
            purposes=_purposes(allow),
            fields=seen,
            field_sets=seen_sets,
            provinces=_split(provinces),
            until_time=datetime.now(UTC) + timedelta(days=days) if days else None,
            verify_fields=verified,
            verify_field_sets=verified_sets,
            predicates=_split(predicates),
            leniency=leniency.upper() or "UNSPECIFIED",
            own_subjects=own_subjects,
            signed=signed,
            quotas=_quotas(quota),
            guesses_per_day=guesses_per_day,
            narrows=narrows,
            unit=unit,
            system=system,
        )
        if template:
            terms = _from_template(operator, template, agency, terms)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    number, grant = _propose(operator, agency, changes, terms)
    if as_json:
        print_json(grant_json(grant) | {"proposal_id": number})
    else:
        print(f"Proposed {number} for {agency}. Another operator: popgate grant approve {number}")


def _propose(operator: Caller, agency: str, changes: int, terms: Grant) -> tuple[int, Grant]:
    if not changes:
        grant = operator.ask(lambda client, context: client.propose_grant(agency, terms, context=context))
        return grant.grant_id, grant
    proposal = operator.ask(lambda client, context: client.propose_change(changes, terms, context=context))
    return proposal.proposal_id, proposal.grant


def _from_template(operator: Caller, name: str, agency: str, stated: Grant) -> Grant:
    """A template's terms for this agency, with what is stated in their place. Raises a usage error, ClientError."""
    from gateway.agency.templates import shipped

    template = shipped().get(name)
    if template is None:
        raise typer.BadParameter("is no template; see popgate grant templates", param_hint="--template")
    agencies = operator.ask(lambda client, context: client.list_agencies(context=context))
    if not any(each.code == agency and each.agency_class in template.agency_classes for each in agencies):
        raise typer.BadParameter(f"is not for the class of {agency}; see popgate agency list", param_hint="--template")
    return template.with_(stated)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _paths(text: str) -> tuple[list[str], list[str]]:
    """Paths, and names of sets."""
    from gateway.cli.options import paths_of

    parts = paths_of(text) if text else ()
    return [part for part in parts if part[0] != "+"], [part[1:] for part in parts if part[0] == "+"]


def _purposes(allow: list[str]) -> dict[str, list[str]]:
    purposes: dict[str, list[str]] = {}
    for each in allow:
        code, _, bases = each.partition("=")
        if not code or not bases:
            raise typer.BadParameter(f"{each!r} is not PURPOSE=BASIS,...", param_hint="--allow")
        purposes.setdefault(code, []).extend(bases.split(","))
    return purposes


def _quotas(stated: list[str]) -> list[Any]:
    from gateway.api.v1.agency_service_pb2 import Quota

    known = [field.name for field in Quota.DESCRIPTOR.fields if field.name != "method"]
    quotas = []
    for each in stated:
        method, colon, limits = each.rpartition(":")
        quota = Quota(method=method if colon else "")
        for limit in limits.split(","):
            name, _, value = limit.partition("=")
            if name not in known or not value.isdecimal():
                raise typer.BadParameter(f"{limit!r} is not NAME=N, of {', '.join(known)}", param_hint="--quota")
            setattr(quota, name, int(value))
        quotas.append(quota)
    return quotas


@app.command()
@as_operator
def approve(
    operator: Caller,
    proposal: ProposalArgument,
    as_json: JsonOption = False,
) -> None:
    """Approve what another operator proposed. In force when this returns."""
    decided = operator.ask(lambda client, context: client.approve_grant(proposal, context=context))
    if as_json:
        print_json(_json(decided))
    else:
        until = moment(decided.grant.until_time.ToDatetime(UTC))
        print(f"Grant {decided.grant.grant_id} of {decided.agency} is in force, until {until}.")


@app.command()
@as_operator
def reject(
    operator: Caller,
    proposal: ProposalArgument,
) -> None:
    """Reject a proposal, also one's own."""
    operator.ask(lambda client, context: client.reject_grant(proposal, context=context))
    print(f"Rejected proposal {proposal}.")


@app.command()
@as_operator
def end(
    operator: Caller,
    grant: GrantArgument,
) -> None:
    """End a grant or a narrowing now. One operator suffices; giving it back needs two."""
    operator.ask(lambda client, context: client.end_grant(grant, context=context))
    print(f"Grant {grant} has ended.")


@app.command()
@as_operator
def adopt(
    operator: Caller,
    grant: GrantArgument,
) -> None:
    """Propose what a release suggests for a grant: the new fields of its sets."""
    open_ones = operator.ask(lambda client, context: client.list_proposals(context=context))
    suggested = [each for each in open_ones if not each.proposal_id and each.changes == grant]
    if not suggested:
        raise typer.BadParameter(f"nothing is suggested for grant {grant}; see popgate grant proposals")
    number, _ = _propose(operator, suggested[0].agency, grant, suggested[0].grant)
    print(f"Proposed {number} for {suggested[0].agency}. Another operator: popgate grant approve {number}")


def _known_state(state: str) -> str:
    from gateway.api.v1.agency_service_pb2 import ProposalState

    known = [name.removeprefix("PROPOSAL_STATE_").lower() for name in ProposalState.keys()[1:]]
    if state.lower() not in (*known, "unspecified"):
        raise typer.BadParameter(f"is one of {', '.join(known)}")
    return state


@app.command()
@as_operator
def proposals(
    operator: Caller,
    agency: Annotated[str, typer.Option(help="Only for this agency.", show_default="all")] = "",
    state: Annotated[
        str,
        typer.Option(
            help="open, approved, rejected, suggested.", show_default="open and suggested", callback=_known_state
        ),
    ] = "unspecified",
    as_json: JsonOption = False,
) -> None:
    """Proposals, newest first, and what releases suggest."""
    found = operator.ask(
        lambda client, context: client.list_proposals(agency=agency, state=state.upper(), context=context),
    )
    if as_json:
        for each in found:
            print_json(_json(each))
        return
    headings = ("proposal", "agency", "for", *GRANT_HEADINGS, "proposed by", "decided")
    print_table(headings, map(_row, found), numbers=frozenset({"proposal"}))


def _json(proposal: GrantProposal) -> dict[str, Any]:
    return message_json(proposal) | {"grant": grant_json(proposal.grant)}


def _row(proposal: GrantProposal) -> tuple[object, ...]:
    from gateway.api.v1.agency_service_pb2 import PROPOSAL_STATE_REJECTED

    decided = proposal.HasField("decided_by")
    outcome = "rejected by " if proposal.state == PROPOSAL_STATE_REJECTED else "approved by "
    whole = f"a change of grant {proposal.changes}" if proposal.changes else "a new grant"
    narrowing = f", for {_whom(proposal.grant)}" if proposal.grant.narrows else ""
    return (
        proposal.proposal_id or "",
        proposal.agency,
        whole + narrowing,
        *grant_cells(proposal.grant),
        actor_text(proposal.proposed_by) if proposal.proposal_id else "suggested by the release",
        outcome + actor_text(proposal.decided_by) if decided else "",
    )


def _whom(grant: Grant) -> str:
    names = [f"{kind} {name}" for kind, name in (("unit", grant.unit), ("system", grant.system)) if name]
    return f"{', '.join(names)} of grant {grant.narrows}" if names else ""


@app.command("list")
@as_operator
def list_grants(
    operator: Caller,
    agency: Annotated[str, typer.Option(help="Only of this agency.", show_default="all")] = "",
    as_json: JsonOption = False,
) -> None:
    """All grants and narrowings, ended ones too."""
    agencies = operator.ask(lambda client, context: client.list_agencies(context=context))
    held = [
        (each.code, grant)
        for each in agencies
        if agency in ("", each.code)
        for grant in (*each.grants, *each.narrowings)
    ]
    if as_json:
        for code, grant in held:
            print_json({"agency": code} | grant_json(grant))
        return
    rows = ((grant.grant_id, code, _whom(grant), *grant_cells(grant)) for code, grant in held)
    print_table(("grant", "agency", "narrowed for", *GRANT_HEADINGS), rows, numbers=frozenset({"grant"}))


@app.command()
def templates(as_json: JsonOption = False) -> None:
    """The mask table of this release: caller class, purpose, fields. A template is where a proposal begins."""
    from gateway.agency.templates import shipped
    from gateway.api.v1.options_pb2 import AgencyClass

    rows: list[tuple[object, ...]] = []
    for each in shipped().values():
        terms, caller = each.terms, each.caller
        classes = sorted(AgencyClass.Name(number).removeprefix("AGENCY_CLASS_") for number in each.agency_classes)
        if as_json:
            print_json(
                {"name": each.name, "says": each.says, "caller": caller.name, "caller_says": caller.says}
                | {"source": caller.source, "agency_classes": classes, "provinces_needed": each.provinces_needed}
                | {"terms": message_json(terms)}
            )
            continue
        methods, purposes, *_ = grant_cells(terms)
        fields = [f"+{name}" for name in terms.field_sets] + [*terms.fields]
        verified = [f"+{name}" for name in terms.verify_field_sets] + [*terms.verify_fields, *terms.predicates]
        of_whom = "provinces to be stated" if each.provinces_needed else whom(terms.own_subjects, ())
        rows.append(
            (each.name, (caller.name, *map(str.lower, classes)), purposes, methods, (*fields,), (*verified,), of_whom)
        )
    if not as_json:
        headings = ("template", "caller", "purposes", "methods", "sees", "verifies", "of whom")
        print_table(headings, rows, numbers=frozenset())


@app.command()
def sets() -> None:
    """The named sets of fields of this release, and what they hold."""
    from gateway.agency.field_sets import FieldSets
    from gateway.catalogue import Catalogue

    known = FieldSets.load(Catalogue.compile())
    rows = ((name, says, ", ".join(sorted(known.resolve([name], "")))) for name, says in known.descriptions.items())
    print_table(("set", "what", "fields"), rows, numbers=frozenset())
