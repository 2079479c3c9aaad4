"""AgencyService and EnrolmentService against a real gateway: from a registration to a first answer, and refusals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from google.protobuf.message import Message

from gateway.agency.certificates import key_to_pem, make_csr, make_key, spiffe_id
from gateway.api.v1 import agency_service_pb2, context_pb2, enrolment_service_pb2, options_pb2
from gateway.audit.entry import Kind
from gateway.chain.translate import reason_number
from gateway.client import Context
from gateway.config import ENROLMENT_BYTES_MAX
from gateway.wire import receipt_from_wire
from tests.caller import AGENCY, ENROLMENT, Caller, Reply, check_receipt, refused
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, entries_of, run
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
SCHOOL = Context("school.enrolment", "law26/2023:art10", "HS-9", "officer-3")


@pytest.fixture
def operator(caller_of: Callable[[str], Caller]) -> Caller:
    """May register, grant and revoke."""
    return caller_of("operator")


@pytest.fixture
def second(caller_of: Callable[[str], Caller]) -> Caller:
    """Another operator with the same rights."""
    return caller_of("operator-second")


@pytest.fixture
def enrolment(gateway: Gateway) -> Iterator[grpc.Channel]:
    """A channel to the enrolment port, without a certificate."""
    root = (gateway.identity("hospital") / "ca.pem").read_bytes()
    with grpc.secure_channel(gateway.enrolment_address, grpc.ssl_channel_credentials(root)) as channel:
        yield channel


def _register(code: str, **changed: Any) -> agency_service_pb2.RegisterAgencyRequest:
    agency = {"code": code, "name": "Trường Thử", "agency_class": options_pb2.AGENCY_CLASS_MINISTRY, **changed}
    return agency_service_pb2.RegisterAgencyRequest(
        context=OPERATION.message(), agency=agency_service_pb2.Agency(**agency)
    )


def _grant(agency: str, **changed: Any) -> agency_service_pb2.CreateGrantRequest:
    purpose = agency_service_pb2.GrantedPurpose(purpose=SCHOOL.purpose, legal_bases=[SCHOOL.legal_basis])
    terms = {"methods": ["LookUpPerson"], "purposes": [purpose], "fields": ["name", "birth_date.year"], **changed}
    return agency_service_pb2.CreateGrantRequest(
        context=OPERATION.message(), agency=agency, grant=agency_service_pb2.Grant(**terms)
    )


def _grant_to(operator: Caller, second: Caller, agency: str, **changed: Any) -> agency_service_pb2.ApproveGrantResponse:
    """Proposed by one operator, approved by the other."""
    proposed = _operate(operator, "CreateGrant", _grant(agency, **changed), agency_service_pb2.CreateGrantResponse)
    request = _approve(proposed.grant.grant_id)
    approved: agency_service_pb2.ApproveGrantResponse = _operate(
        second, "ApproveGrant", request, agency_service_pb2.ApproveGrantResponse
    )
    return approved


def _approve(proposal_id: int) -> agency_service_pb2.ApproveGrantRequest:
    return agency_service_pb2.ApproveGrantRequest(context=OPERATION.message(), proposal_id=proposal_id)


def _code(agency: str, system: str = "") -> agency_service_pb2.CreateEnrolmentCodeRequest:
    return agency_service_pb2.CreateEnrolmentCodeRequest(context=OPERATION.message(), agency=agency, system=system)


def _revoke(**target: Any) -> agency_service_pb2.RevokeRequest:
    return agency_service_pb2.RevokeRequest(context=OPERATION.message(), **target)


def _operate(operator: Caller, method: str, request: Message, answer: Any) -> Any:
    reply = operator.call(AGENCY + method, request)
    assert reply.code is grpc.StatusCode.OK, reply
    return answer.FromString(reply.body)


def _enrol(channel: grpc.Channel, code: str, csr: bytes) -> Reply:
    call: Any = channel.unary_unary(ENROLMENT + "Enrol")
    request = enrolment_service_pb2.EnrolRequest(code=code, csr=csr)
    try:
        return Reply(grpc.StatusCode.OK, body=call(request.SerializeToString(), timeout=10))
    except grpc.RpcError as error:
        return refused(error)


def _entry_of(gateway: Gateway, receipt: context_pb2.Receipt) -> tuple[Any, Any]:
    check_receipt(receipt_from_wire(receipt), gateway.state / "audit")
    return gateway.entry(receipt.index)


def test_who_has_no_certificate_yet_is_not_listened_to_at_length(enrolment: grpc.Channel) -> None:
    reply = _enrol(enrolment, "AAAAA-BBBBB-CCCCC-DDDDD", bytes(ENROLMENT_BYTES_MAX))
    assert (reply.code, reply.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "")


def test_from_a_registration_to_a_first_answer_and_out_again(
    gateway: Gateway, operator: Caller, second: Caller, enrolment: grpc.Channel
) -> None:
    registered = _operate(operator, "RegisterAgency", _register("school"), agency_service_pb2.RegisterAgencyResponse)
    proposed = _operate(operator, "CreateGrant", _grant("school"), agency_service_pb2.CreateGrantResponse)
    number = proposed.grant.grant_id
    assert operator.call(AGENCY + "ApproveGrant", _approve(number)).reason == "APPROVER_NOT_OTHER"
    granted = _operate(second, "ApproveGrant", _approve(number), agency_service_pb2.ApproveGrantResponse)
    assert granted.proposal.proposed_by.agency == "operator"
    answered = _operate(
        operator, "CreateEnrolmentCode", _code("school", "portal"), agency_service_pb2.CreateEnrolmentCodeResponse
    )
    key = make_key()
    reply = _enrol(enrolment, answered.code, make_csr(key))
    enrolled = enrolment_service_pb2.EnrolResponse.FromString(reply.body)
    assert enrolled.agency == "school"
    assert _enrol(enrolment, answered.code, make_csr(key)).reason == "ENROLMENT_CODE_USED"

    chain = enrolled.certificate_chain.encode()
    with Caller(gateway.identity("hospital"), gateway.address, key=key_to_pem(key), chain=chain) as school:
        first = school.with_token().look_up(number_of(71), ["name", "birth_date"], SCHOOL)
        assert first.code is grpc.StatusCode.OK
        revoked = _operate(operator, "Revoke", _revoke(agency="school"), agency_service_pb2.RevokeResponse)
        # The operator was answered, so every worker knows.
        assert school.look_up(number_of(71), ["name"], SCHOOL).reason == "CREDENTIAL_REVOKED"

    listed = _operate(
        operator,
        "ListAgencies",
        agency_service_pb2.ListAgenciesRequest(context=OPERATION.message()),
        agency_service_pb2.ListAgenciesResponse,
    )
    (school_listed,) = [agency for agency in listed.agencies if agency.code == "school"]
    assert school_listed.revoked
    assert [credential.system for credential in school_listed.credentials] == ["portal"]

    for answer, note in (
        (registered, "register school class 6"),
        (proposed, f"propose grant {number} to school"),
        (granted, f"approve proposal {number} of operator for school"),
        (answered, "enrolment code for school unit - system portal"),
        (revoked, "revoke agency school"),
    ):
        entry, detail = _entry_of(gateway, answer.receipt)
        who = "operator-second" if answer is granted else "operator"
        assert (entry.kind, entry.agency, entry.people, detail.note) == (Kind.ADMINISTRATION, who, 0, note)
    entry, detail = _entry_of(gateway, enrolled.receipt)
    assert (entry.kind, entry.agency, entry.method) == (Kind.CREDENTIAL_ISSUED, "school", "Enrol")
    assert answered.code not in repr((entry, detail))


def test_a_revoked_certificate_is_out_and_its_agency_stays(gateway: Gateway, operator: Caller, tmp_path: Path) -> None:
    from gateway.agency.bootstrap import enrol_locally
    from gateway.start import trust_of

    folder = tmp_path / "identity"
    principal = enrol_locally(gateway.state, "hospital", "ward", folder, time.time(), trust_of(gateway.settings))
    with Caller(folder, gateway.address) as ward, Caller(gateway.identity("hospital"), gateway.address) as whole:
        ward.with_token(), whole.with_token()
        assert ward.look_up(number_of(72), ["name"], HOSPITAL).code is grpc.StatusCode.OK
        _operate(operator, "Revoke", _revoke(thumbprint=principal.thumbprint), agency_service_pb2.RevokeResponse)
        late = ward.look_up(number_of(72), ["name"], HOSPITAL)
        assert late.reason == "CREDENTIAL_REVOKED"
        assert whole.look_up(number_of(72), ["name"], HOSPITAL).code is grpc.StatusCode.OK
    entry, _ = entries_of(gateway, [late.call_id])[late.call_id]
    assert (entry.agency, entry.certificate) == ("hospital", principal.thumbprint)


def test_the_trust_bundle_is_public_and_says_what_identity_folders_say(
    gateway: Gateway, enrolment: grpc.Channel
) -> None:
    call: Any = enrolment.unary_unary(ENROLMENT + "GetTrustBundle")
    bundle = enrolment_service_pb2.GetTrustBundleResponse.FromString(call(b"", timeout=10)).trust_bundle
    assert bundle.root_certificates.encode() == (gateway.identity("hospital") / "ca.pem").read_bytes()
    assert bundle.log_origin == gateway.settings.origin
    assert "\n".join(bundle.receipt_verifiers) == (gateway.state / "audit" / "receipt.vkey").read_text().strip()


@pytest.mark.parametrize(
    ("code", "csr", "reason"),
    [
        ("AAAAA-BBBBB-CCCCC-DDDDD", None, "ENROLMENT_REFUSED"),
        ("", None, "ARGUMENT_INVALID"),
        ("a code", None, "ARGUMENT_INVALID"),
        ("AAAAA-BBBBB-CCCCC-DDDDD", b"", "ARGUMENT_INVALID"),
        ("AAAAA-BBBBB-CCCCC-DDDDD", b"nothing", "ARGUMENT_INVALID"),
        ("AAAAA-BBBBB-CCCCC-DDDDD", bytes(5000), "ARGUMENT_INVALID"),
    ],
)
def test_an_enrolment_is_refused_and_counted_without_a_name(
    gateway: Gateway, enrolment: grpc.Channel, code: str, csr: bytes | None, reason: str
) -> None:
    labels = {"agency": "", "method": "Enrol", "reason": reason}
    before = gateway.metric("gateway_refusals_total", **labels)
    reply = _enrol(enrolment, code, make_csr(make_key()) if csr is None else csr)
    assert (reply.reason, reply.receipt) == (reason, None)
    assert gateway.counted("gateway_refusals_total", before + 1, **labels) == before + 1


def test_a_request_in_anothers_name_is_refused_under_the_codes_agency_and_leaves_the_code_good(
    gateway: Gateway, enrolment: grpc.Channel, operator: Caller
) -> None:
    request = agency_service_pb2.CreateEnrolmentCodeRequest(context=OPERATION.message(), agency="newcomer")
    made = operator.call(AGENCY + "CreateEnrolmentCode", request)
    code = agency_service_pb2.CreateEnrolmentCodeResponse.FromString(made.body).code
    key = make_key()
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(spiffe_id(gateway.settings.trust_domain, "hospital"))]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    foreign = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    reply = _enrol(enrolment, code, foreign)
    assert reply.reason == "CSR_FOREIGN"
    entry, _ = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert (entry.agency, entry.reason) == ("newcomer", reason_number("CSR_FOREIGN"))
    assert _enrol(enrolment, code, make_csr(key)).reason == ""


def test_agencies_methods_are_not_served_on_the_enrolment_port(enrolment: grpc.Channel) -> None:
    call: Any = enrolment.unary_unary(AGENCY + "ListAgencies")
    with pytest.raises(grpc.RpcError) as error:
        call(b"", timeout=10)
    assert refused(error.value).code is grpc.StatusCode.UNIMPLEMENTED


def _asks(method: str, request: Message) -> Any:
    return lambda caller: caller.call(AGENCY + method, request)


_NO_CONTEXT = ("context.purpose", "context.legal_basis", "context.case_reference", "context.officer")
REFUSALS: Mapping[str, Case] = {
    "RegisterAgency/a code that is taken": Case(
        "operator", _asks("RegisterAgency", _register("hospital")), "RECORD_EXISTS"
    ),
    "RegisterAgency/a code in capitals": Case(
        "operator", _asks("RegisterAgency", _register("School")), "ARGUMENT_INVALID", ("agency.code",)
    ),
    "RegisterAgency/no name": Case(
        "operator", _asks("RegisterAgency", _register("school-2", name="")), "ARGUMENT_INVALID", ("agency.name",)
    ),
    "RegisterAgency/no class": Case(
        "operator",
        _asks("RegisterAgency", _register("school-2", agency_class=0)),
        "ARGUMENT_INVALID",
        ("agency.agency_class",),
    ),
    "RegisterAgency/a class that is none": Case(
        "operator",
        _asks("RegisterAgency", _register("school-2", agency_class=99)),
        "ARGUMENT_INVALID",
        ("agency.agency_class",),
    ),
    "RegisterAgency/not an operator": Case(
        "hospital",
        _asks(
            "RegisterAgency",
            agency_service_pb2.RegisterAgencyRequest(
                context=HOSPITAL.message(),
                agency=agency_service_pb2.Agency(code="mine", name="Mine", agency_class=1),  # type: ignore[arg-type]
            ),
        ),
        "METHOD_NOT_GRANTED",
    ),
    "CreateGrant/an agency that is unknown": Case("operator", _asks("CreateGrant", _grant("nobody")), "RECORD_UNKNOWN"),
    "CreateGrant/no methods": Case(
        "operator", _asks("CreateGrant", _grant("hospital", methods=[])), "ARGUMENT_INVALID", ("grant.methods",)
    ),
    "CreateGrant/a method that is none": Case(
        "operator",
        _asks("CreateGrant", _grant("hospital", methods=["Everything"])),
        "ARGUMENT_INVALID",
        ("grant.methods[0]",),
    ),
    "CreateGrant/no purposes": Case(
        "operator", _asks("CreateGrant", _grant("hospital", purposes=[])), "ARGUMENT_INVALID", ("grant.purposes",)
    ),
    "CreateGrant/a field that is none": Case(
        "operator",
        _asks("CreateGrant", _grant("hospital", fields=["shoe_size"])),
        "FIELD_UNKNOWN",
        ("grant.fields[0]",),
    ),
    "CreateGrant/a province that is none": Case(
        "operator",
        _asks("CreateGrant", _grant("hospital", provinces=["7"])),
        "ARGUMENT_INVALID",
        ("grant.provinces[0]",),
    ),
    "CreateEnrolmentCode/an agency that is unknown": Case(
        "operator", _asks("CreateEnrolmentCode", _code("nobody")), "RECORD_UNKNOWN"
    ),
    "CreateEnrolmentCode/a system in capitals": Case(
        "operator", _asks("CreateEnrolmentCode", _code("hospital", "Ward")), "ARGUMENT_INVALID", ("system",)
    ),
    "Revoke/nothing named": Case("operator", _asks("Revoke", _revoke()), "ARGUMENT_INVALID", ("target",)),
    "Revoke/an agency that is unknown": Case("operator", _asks("Revoke", _revoke(agency="nobody")), "RECORD_UNKNOWN"),
    "Revoke/a thumbprint that is unknown": Case(
        "operator", _asks("Revoke", _revoke(thumbprint=bytes(32))), "RECORD_UNKNOWN"
    ),
    "Revoke/a short thumbprint": Case(
        "operator", _asks("Revoke", _revoke(thumbprint=b"x")), "ARGUMENT_INVALID", ("thumbprint",)
    ),
    "ListAgencies/no context": Case(
        "operator", _asks("ListAgencies", agency_service_pb2.ListAgenciesRequest()), "CONTEXT_MISSING", _NO_CONTEXT
    ),
    "ListAgencies/another purpose": Case(
        "operator",
        _asks("ListAgencies", agency_service_pb2.ListAgenciesRequest(context=HOSPITAL.message())),
        "PURPOSE_NOT_GRANTED",
    ),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of REFUSALS, made once."""
    return run(gateway, caller_of, REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_reason_and_its_entry(name: str, gateway: Gateway, refusals: dict[str, Refusal]) -> None:
    case, refusal = REFUSALS[name], refusals[name]
    assert_refused(case, refusal)
    assert refusal.reply.receipt is not None
    check_receipt(refusal.reply.receipt, gateway.state / "audit")
    assert (refusal.entry.kind, refusal.entry.method) == (Kind.REFUSAL, name.partition("/")[0])
    assert refusal.entry.reason == reason_number(case.reason)
