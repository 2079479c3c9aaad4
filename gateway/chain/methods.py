"""The table of methods, compiled from the contract: what each demands, and which behaviour serves it.

A method that is not in the table does not exist; a behaviour without a policy refuses to start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from gateway.api.v1 import (
    agency_service_pb2,
    audit_service_pb2,
    enrolment_service_pb2,
    key_service_pb2,
    lookup_service_pb2,
    options_pb2,
    policy_service_pb2,
    signing_service_pb2,
    subject_service_pb2,
    sync_service_pb2,
    token_service_pb2,
    usage_service_pb2,
)
from gateway.chain.frame import check_frames
from gateway.chain.rules import Check, compile_check

CONTRACT = (
    lookup_service_pb2,
    sync_service_pb2,
    token_service_pb2,
    audit_service_pb2,
    agency_service_pb2,
    policy_service_pb2,
    enrolment_service_pb2,
    key_service_pb2,
    signing_service_pb2,
    usage_service_pb2,
    subject_service_pb2,
)
"""The files of the contract that define services."""

REQUEST_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the contract. `audit` is a number of `AuditRule`."""

    name: str
    service: str
    request_class: Any
    token: bool
    context: bool
    audit: int
    listener: int
    receipt_field: int
    """Number of the receipt in the response; 0 when the answer carries none."""
    check: Check
    frame_class: Any = None
    """The frame around each request of a streamed method, whose `request_class` is then that of the batch."""
    signed: int = 0
    """A number of `SignatureRule`; 0: not signed."""


def services() -> list[ServiceDescriptor]:
    """All services of the contract."""
    return [service for file in CONTRACT for service in file.DESCRIPTOR.services_by_name.values()]


def compile_methods() -> Mapping[str, Method]:
    """Every method by its short name. Raises RuntimeError when one lacks its policy."""
    methods: dict[str, Method] = {}
    for service in services():
        for rpc in service.methods:
            options: Any = rpc.GetOptions()
            policy = options.Extensions[options_pb2.policy]
            if not (policy.listener and policy.audit and policy.quota):
                raise RuntimeError(f"the contract's method {rpc.full_name} has no complete policy")
            request: Any = rpc.input_type
            response: Any = rpc.output_type
            if rpc.client_streaming:
                if policy.signed:
                    raise RuntimeError(f"the contract's method {rpc.full_name} is a stream and cannot be signed")
                check_frames(request, response)
                request = request.fields_by_name["batch"].message_type
                response = response.fields_by_name["batch"].message_type
            receipt = response.fields_by_name.get("receipt")
            if rpc.name in methods:
                raise RuntimeError(f"two methods of the contract are called {rpc.name}")
            methods[rpc.name] = Method(
                name=rpc.name,
                service=service.full_name,
                request_class=GetMessageClass(request),
                token=policy.token,
                context=policy.context,
                audit=policy.audit,
                listener=policy.listener,
                receipt_field=receipt.number if receipt is not None else 0,
                check=compile_check(request),
                frame_class=GetMessageClass(rpc.input_type) if rpc.client_streaming else None,
                signed=policy.signed,
            )
    return methods
