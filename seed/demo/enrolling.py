"""Chapter: the operator registers the agencies and gives grants and codes; each agency enrols with its own key."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.agency.bootstrap import OPERATOR_LEGAL_BASIS, OPERATOR_PURPOSE
from gateway.client import Client, Context, Identity, ReceiptLog, connect
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
    operator_folder = state / "operator"
    root_pem = (operator_folder / "ca.pem").read_bytes()
    operator = Identity.from_folder(operator_folder)
    async with connect(operator, gateway.server, receipt_log=ReceiptLog(operator_folder / RECEIPTS)) as client:

        async def enter(plan: AgencyPlan) -> None:
            code = await _admit(client, plan)
            folder = identity_folder(state, plan)
            await enrol(gateway.enrolment_server, code, folder, root_pem=root_pem, server=gateway.server)

        await asyncio.gather(*map(enter, AGENCIES))
    teller.table(
        ("agency", "name", "task", "may see"),
        ((plan.code, plan.name, plan.task, _sight(plan)) for plan in AGENCIES),
    )
    teller.say(
        "The operator registered each one, gave its grants and a one-time code. With the code and a key that it made "
        "itself each fetched a certificate for a day from the enrolment port. The keys never left their folders."
    )


async def _admit(client: Client, plan: AgencyPlan) -> str:
    """Register, grant, and make a one-time code."""
    why = Context(OPERATOR_PURPOSE, OPERATOR_LEGAL_BASIS, f"agreement-{plan.code}", "van-hanh-01")
    await client.register_agency(plan.code, plan.name, plan.agency_class, context=why)
    for grant in plan.grants:
        await client.create_grant(
            plan.code,
            methods=grant.methods,
            purposes=grant.purposes,
            fields=grant.fields,
            provinces=grant.provinces,
            context=why,
        )
    return (await client.create_enrolment_code(plan.code, context=why)).code


def _sight(plan: AgencyPlan) -> str:
    fields = {path for grant in plan.grants for path in grant.fields}
    if not fields:
        return "the access log"
    provinces = {province for grant in plan.grants for province in grant.provinces}
    whose = f"people of province {', '.join(sorted(provinces))}" if provinces else "everybody"
    return f"{len(fields)} fields of {whose}"
