"""Chapter: two operators register the agencies and give grants and codes; each agency enrols with its own key."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.agency.bootstrap import OPERATOR, OPERATOR_LEGAL_BASIS, OPERATOR_PURPOSE, SECOND_OPERATOR
from gateway.client import Client, Context, Identity, ReceiptLog, connect, grant_terms
from gateway.client.enrol import enrol
from seed.agencies import AGENCIES, AgencyPlan
from seed.demo.running import GatewayProcess
from seed.demo.stub import RECEIPTS
from seed.demo.telling import Teller


def identity_folder(state: Path, plan: AgencyPlan) -> Path:
    """Where an agency's identity lies."""
    return state / "agencies" / plan.code


async def enrol_agencies(state: Path, gateway: GatewayProcess, teller: Teller) -> None:
    """Over the operator's API and the enrolment port, as it is done outside a demonstration. Raises ClientError."""
    root_pem = (state / OPERATOR / "ca.pem").read_bytes()
    async with _operate(state / OPERATOR, gateway) as client, _operate(state / SECOND_OPERATOR, gateway) as second:

        async def enter(plan: AgencyPlan) -> None:
            code = await _admit(client, second, plan)
            folder = identity_folder(state, plan)
            await enrol(gateway.enrolment_server, code, folder, root_pem=root_pem, server=gateway.server)

        await asyncio.gather(*map(enter, AGENCIES))
    teller.table(
        ("agency", "name", "task", "may see"),
        ((plan.code, plan.name, plan.task, _sight(plan)) for plan in AGENCIES),
    )
    teller.say(
        "One operator registered each, proposed its grants and made a one-time code; the grants were in force once the "
        "second operator had approved them. With the code and a key that it made "
        "itself each fetched a certificate for a day from the enrolment port. The keys never left their folders."
    )


def _operate(folder: Path, gateway: GatewayProcess) -> Client:
    return connect(Identity.from_folder(folder), gateway.server, receipt_log=ReceiptLog(folder / RECEIPTS))


async def _admit(client: Client, second: Client, plan: AgencyPlan) -> str:
    """Register, propose grants, have the other operator approve them, and make a one-time code."""
    why = _why(plan, "van-hanh-01")
    await client.register_agency(plan.code, plan.name, plan.agency_class, context=why)
    for grant in plan.grants:
        terms = grant_terms(
            methods=grant.methods,
            purposes=grant.purposes,
            fields=grant.fields,
            provinces=grant.provinces,
            verify_fields=grant.verify_fields,
            predicates=grant.predicates,
            leniency=grant.leniency,
        )
        proposed = await client.propose_grant(plan.code, terms, context=why)
        await second.approve_grant(proposed.grant_id, context=_why(plan, "van-hanh-02"))
    return (await client.create_enrolment_code(plan.code, context=why)).code


def _why(plan: AgencyPlan, officer: str) -> Context:
    return Context(OPERATOR_PURPOSE, OPERATOR_LEGAL_BASIS, f"agreement-{plan.code}", officer)


def _sight(plan: AgencyPlan) -> str:
    fields = {path for grant in plan.grants for path in grant.fields}
    if not fields:
        return "the access log"
    provinces = {province for grant in plan.grants for province in grant.provinces}
    whose = f"people of province {', '.join(sorted(provinces))}" if provinces else "everybody"
    return f"{len(fields)} fields of {whose}"
