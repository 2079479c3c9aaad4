"""The agencies' client. It knows no SQL and no registry: all it does goes over the contract.

async with connect(Identity.from_folder("identity"), "gateway.example:8443") as client:
    result = await client.look_up(number, fields=["name", "birth_date"], context=context)
"""

from gateway.client.accesses import Access, Accesses
from gateway.client.blocking import BlockingClient
from gateway.client.bulk import BatchAnswer
from gateway.client.context import Context, Withheld
from gateway.client.errors import (
    CannotConnect,
    ClientError,
    DeadlinePassed,
    GatewayRefusal,
    IdentityInvalid,
    ReceiptInvalid,
    UnexpectedAnswer,
    Violation,
)
from gateway.client.finding import Household, Member, Relative, Relatives
from gateway.client.granting import grant_terms
from gateway.client.identity import Identity, RequestKey
from gateway.client.lookup import LookUpResult
from gateway.client.operation import EnrolmentCode
from gateway.client.receipts import ReceiptLog
from gateway.client.searching import Candidate, Candidates, Criteria, Resolved
from gateway.client.session import Client, connect
from gateway.client.signing_keys import SigningKey
from gateway.client.sync import Page, PushAcknowledgement, PushItem, PushResult
from gateway.client.usage import UsageStatement
from gateway.client.verification import FieldVerdict, Verified, VerifyQuestion, VerifyResult
from gateway.client.volume import Looked

__all__ = [
    "Access",
    "Accesses",
    "BatchAnswer",
    "BlockingClient",
    "Candidate",
    "Candidates",
    "CannotConnect",
    "Client",
    "ClientError",
    "Context",
    "Criteria",
    "DeadlinePassed",
    "EnrolmentCode",
    "FieldVerdict",
    "GatewayRefusal",
    "Household",
    "Identity",
    "IdentityInvalid",
    "LookUpResult",
    "Looked",
    "Member",
    "Page",
    "PushAcknowledgement",
    "PushItem",
    "PushResult",
    "ReceiptInvalid",
    "ReceiptLog",
    "Relative",
    "Relatives",
    "RequestKey",
    "Resolved",
    "SigningKey",
    "UnexpectedAnswer",
    "UsageStatement",
    "Verified",
    "VerifyQuestion",
    "VerifyResult",
    "Violation",
    "Withheld",
    "connect",
    "grant_terms",
]
