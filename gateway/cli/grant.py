"""`popgate grant`: what agencies may do. One operator proposes, another one approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.operation import (
    GRANT_HEADINGS,
    LEGAL_BASIS,
    PURPOSE,
    AgencyArgument,
    OperatorLegalBasis,
    OperatorPurpose,
    actor_text,
    ask,
    grant_cells,
    grant_json,
)
from gateway.cli.options import CaseOption, IdentityOption, JsonOption, OfficerOption, ServerOption
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
LeniencyOption = Annotated[str, typer.Option(help="How far spellings may differ: exact, spelling, lenient.")]
OwnOption = Annotated[bool, typer.Option("--own-subjects", help="Only people whom the agency enrolled.")]
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
def propose(
    agency: AgencyArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    methods: MethodsOption = "",
    allow: AllowOption = [],  # noqa: B006 - typer copies it
    fields: GrantedFields = "",
    verify: VerifiedFields = "",
    predicates: PredicatesOption = "",
    provinces: ProvincesOption = "",
    leniency: LeniencyOption = "exact",
    own_subjects: OwnOption = False,
    quota: QuotaOption = [],  # noqa: B006
    guesses_per_day: GuessesOption = 0,
    days: DaysOption = 0,
    narrows: Annotated[int, typer.Option(min=0, metavar="GRANT", help="What of this grant a unit shall have.")] = 0,
    unit: Annotated[str, typer.Option(help="With --narrows: the unit.")] = "",
    system: Annotated[str, typer.Option(help="With --narrows: the system.")] = "",
    changes: Annotated[
        int, typer.Option(min=0, metavar="GRANT", help="Propose these terms for a grant that there is.")
    ] = 0,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """Propose a right for an agency: methods, for purposes, with fields. In force once another operator approves."""
    from gateway.client import grant_terms

    named = [method.strip() for method in methods.split(",") if method.strip()]
    seen, seen_sets = _paths(fields)
    verified, verified_sets = _paths(verify)
    if not fields and not _DISCLOSING.isdisjoint(named):
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
            leniency=leniency.upper(),
            own_subjects=own_subjects,
            quotas=_quotas(quota),
            guesses_per_day=guesses_per_day,
            narrows=narrows,
            unit=unit,
            system=system,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    why = (purpose, legal_basis, case, officer)
    number, grant = _propose(identity, server, why, agency, changes, terms)
    if as_json:
        print_json(grant_json(grant) | {"proposal_id": number})
    else:
        print(f"Proposed {number} for {agency}. Another operator: popgate grant approve {number}")


def _propose(
    identity: Path, server: str, why: tuple[str, str, str, str], agency: str, changes: int, terms: Grant
) -> tuple[int, Grant]:
    if not changes:
        grant = ask(identity, server, why, lambda client, context: client.propose_grant(agency, terms, context=context))
        return grant.grant_id, grant
    proposal = ask(
        identity, server, why, lambda client, context: client.propose_change(changes, terms, context=context)
    )
    return proposal.proposal_id, proposal.grant


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

    quotas = []
    for each in stated:
        method, colon, limits = each.rpartition(":")
        quota = Quota(method=method if colon else "")
        for limit in limits.split(","):
            name, _, value = limit.partition("=")
            if name == "method" or name not in Quota.DESCRIPTOR.fields_by_name or not value.isdecimal():
                raise typer.BadParameter(f"{limit!r} is not NAME=N", param_hint="--quota")
            setattr(quota, name, int(value))
        quotas.append(quota)
    return quotas


@app.command()
def approve(
    proposal: ProposalArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """Approve what another operator proposed. In force when this returns."""
    why = (purpose, legal_basis, case, officer)
    decided = ask(identity, server, why, lambda client, context: client.approve_grant(proposal, context=context))
    if as_json:
        print_json(_json(decided))
    else:
        until = moment(decided.grant.until_time.ToDatetime(UTC))
        print(f"Grant {decided.grant.grant_id} of {decided.agency} is in force, until {until}.")


@app.command()
def reject(
    proposal: ProposalArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """Reject a proposal, also one's own."""
    why = (purpose, legal_basis, case, officer)
    ask(identity, server, why, lambda client, context: client.reject_grant(proposal, context=context))
    print(f"Rejected proposal {proposal}.")


@app.command()
def end(
    grant: GrantArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """End a grant or a narrowing now. One operator suffices; giving it back needs two."""
    why = (purpose, legal_basis, case, officer)
    ask(identity, server, why, lambda client, context: client.end_grant(grant, context=context))
    print(f"Grant {grant} has ended.")


@app.command()
def adopt(
    grant: GrantArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """Propose what a release suggests for a grant: the new fields of its sets."""
    why = (purpose, legal_basis, case, officer)
    open_ones = ask(identity, server, why, lambda client, context: client.list_proposals(context=context))
    suggested = [each for each in open_ones if not each.proposal_id and each.changes == grant]
    if not suggested:
        raise typer.BadParameter(f"nothing is suggested for grant {grant}; see popgate grant proposals")
    number, _ = _propose(identity, server, why, suggested[0].agency, grant, suggested[0].grant)
    print(f"Proposed {number} for {suggested[0].agency}. Another operator: popgate grant approve {number}")


@app.command()
def proposals(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    agency: Annotated[str, typer.Option(help="Only for this agency.", show_default="all")] = "",
    state: Annotated[
        str, typer.Option(help="open, approved, rejected, suggested.", show_default="open and suggested")
    ] = "unspecified",
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """Proposals, newest first, and what releases suggest."""
    why = (purpose, legal_basis, case, officer)
    try:
        found = ask(
            identity,
            server,
            why,
            lambda client, context: client.list_proposals(agency=agency, state=state.upper(), context=context),
        )
    except ValueError:
        raise typer.BadParameter("is open, approved, rejected or suggested", param_hint="--state") from None
    if as_json:
        for each in found:
            print_json(_json(each))
        return
    headings = ("proposal", "agency", "for", *GRANT_HEADINGS, "proposed by", "decided")
    print_table(headings, map(_row, found), numbers=frozenset({"proposal"}))


def _json(proposal: GrantProposal) -> dict[str, Any]:
    return message_json(proposal) | {"grant": grant_json(proposal.grant)}


def _row(proposal: GrantProposal) -> tuple[object, ...]:
    decided = proposal.HasField("decided_by")
    outcome = "rejected by " if proposal.state == 3 else "approved by "
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
def list_grants(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    agency: Annotated[str, typer.Option(help="Only of this agency.", show_default="all")] = "",
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """All grants and narrowings, ended ones too."""
    why = (purpose, legal_basis, case, officer)
    agencies = ask(identity, server, why, lambda client, context: client.list_agencies(context=context))
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
def sets() -> None:
    """The named sets of fields of this release, and what they hold."""
    from gateway.agency.field_sets import FieldSets
    from gateway.catalogue import Catalogue

    known = FieldSets.load(Catalogue.compile())
    rows = ((name, says, ", ".join(sorted(known.resolve([name], "")))) for name, says in known.descriptions.items())
    print_table(("set", "what", "fields"), rows, numbers=frozenset())
