"""The table of methods against the contract."""

from __future__ import annotations

import pytest

from gateway.api.v1 import options_pb2
from gateway.chain import KINDS
from gateway.chain.methods import Method, compile_methods, services

METHODS = compile_methods()


def test_every_rpc_of_the_contract_is_in_the_table() -> None:
    assert set(METHODS) == {rpc.name for service in services() for rpc in service.methods}


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_a_method_is_recorded_and_carries_a_receipt_or_is_public(method: Method) -> None:
    if method.audit == options_pb2.AUDIT_RULE_NONE:
        assert (method.receipt_field, method.token, method.context) == (0, False, False)
    else:
        assert method.audit in KINDS
        assert 1 <= method.receipt_field <= 15


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_a_method_that_discloses_or_writes_demands_token_and_context(method: Method) -> None:
    if method.audit in (options_pb2.AUDIT_RULE_DISCLOSURE, options_pb2.AUDIT_RULE_WRITE):
        assert (method.token, method.context, method.listener) == (True, True, options_pb2.LISTENER_AGENCY)


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_a_method_that_demands_a_context_has_one_to_state(method: Method) -> None:
    assert ("context" in method.request_class.DESCRIPTOR.fields_by_name) is method.context


def test_on_the_enrolment_port_nobody_needs_a_token() -> None:
    enrolment = [method for method in METHODS.values() if method.listener == options_pb2.LISTENER_ENROLMENT]
    assert {method.name for method in enrolment} == {"Enrol", "GetTrustBundle", "RenewCertificate"}
    assert not any(method.token for method in enrolment)
