"""Clients that are not ours: reflection and health over gRPC, and `buf curl`, which knows nothing of our contract."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.caller import Caller
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

BUF = Path(sys.executable).with_name("buf")
ROLES = ("Lookup", "Sync", "Token", "Audit", "Agency", "Policy", "Signing", "Usage", "Key", "Subject")
SERVICES = {f"gateway.api.v1.{name}Service" for name in ROLES}
CONTEXT = AGENCIES["hospital"].context


def _reflected(caller: Caller, **asked: str) -> Any:
    stub = reflection_pb2_grpc.ServerReflectionStub(caller.channel)
    (answer,) = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(**asked)]), timeout=10)
    return answer


def test_reflection_lists_the_services_of_the_agencies_port(hospital: Caller) -> None:
    answer = _reflected(hospital, list_services="")
    names = {service.name for service in answer.list_services_response.service}
    assert names == SERVICES | {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


def test_reflection_gives_the_files_of_the_contract(hospital: Caller) -> None:
    answer = _reflected(hospital, file_containing_symbol="gateway.api.v1.LookupService")
    files = answer.file_descriptor_response.file_descriptor_proto
    assert any(b"gateway/api/v1/lookup_service.proto" in file for file in files)


@pytest.mark.parametrize("service", ["", *sorted(SERVICES)])
def test_every_service_reports_its_health(hospital: Caller, service: str) -> None:
    stub = health_pb2_grpc.HealthStub(hospital.channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_health_page_names_the_parts(gateway: Gateway) -> None:
    status, text = gateway.http("/healthz")
    assert status == 200
    assert json.loads(text) == {"audit": "serving", "agencies": "serving", "enrolment": "serving"}


def _buf_curl(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    identity = gateway.identity("hospital")
    trust = ["--cacert", str(identity / "ca.pem"), "--cert", str(identity / "cert.pem")]
    command = [str(BUF), "curl", "--protocol", "grpc", *trust, "--key", str(identity / "key.pem"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_buf_lists_the_services(gateway: Gateway) -> None:
    listed = _buf_curl(gateway, "--list-services", f"https://{gateway.address}")
    assert set(listed.stdout.split()) >= SERVICES, listed.stderr


def test_buf_looks_a_person_up(gateway: Gateway, hospital: Caller) -> None:
    request = {
        "context": {
            "purpose": CONTEXT.purpose,
            "legalBasis": CONTEXT.legal_basis,
            "caseReference": CONTEXT.case_reference,
            "officer": CONTEXT.officer,
        },
        "number": number_of(81),
        "fieldMask": "name,birthDate",
    }
    answered = _buf_curl(
        gateway,
        *("-H", f"authorization: Bearer {hospital.token}", "-d", json.dumps(request)),
        f"https://{gateway.address}/gateway.api.v1.LookupService/LookUpPerson",
    )
    assert answered.returncode == 0, answered.stderr
    answer = json.loads(answered.stdout)
    assert answer["person"] == {
        "name": {"surname": "Nguyễn", "middleName": "Văn", "givenName": "Hòa"},
        "birthDate": {"year": 1990, "month": 4, "day": 30},
    }
    assert answer["receipt"]["origin"] == gateway.settings.origin


def test_buf_is_told_the_reason_of_a_refusal(gateway: Gateway) -> None:
    refused = _buf_curl(gateway, "-d", "{}", f"https://{gateway.address}/gateway.api.v1.LookupService/LookUpPerson")
    assert refused.returncode != 0
    told = json.loads(refused.stderr)
    assert (told["code"], [detail["type"] for detail in told["details"]]) == (
        "unauthenticated",
        ["google.rpc.ErrorInfo", "gateway.api.v1.Receipt"],
    )
    assert "token" in told["message"]
