"""Names and certificates: what is written reads back, and anything else is a declared refusal."""

from __future__ import annotations

import contextlib
import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.certificates import (
    Principal,
    make_csr,
    make_key,
    parse_spiffe_id,
    principal_from_pem,
    public_key_of_csr,
    spiffe_id,
)
from gateway.errors import ArgumentInvalid, CredentialForeign, CredentialMalformed
from tests.unit.agency.world import NOW, TRUST_DOMAIN, authority

# What the parser still reads and a later release of it will refuse; principals are refused for it by our own rules.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

agencies = st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True)
units = st.one_of(st.just(""), st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True))
systems = st.one_of(st.just(""), st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True))
trust_domains = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,40}", fullmatch=True)


@functools.cache
def pem() -> bytes:
    return authority().issue_agency("bhxh", "hq", make_key().public_key(), NOW).chain_pem


@functools.cache
def csr() -> bytes:
    return make_csr(make_key())


@settings(max_examples=100)
@given(trust_domains, agencies, units, systems)
def test_an_id_reads_back(trust_domain: str, agency: str, unit: str, system: str) -> None:
    text = spiffe_id(trust_domain, agency, system, unit)
    assert parse_spiffe_id(text, trust_domain) == (agency, unit, system)


@settings(max_examples=300)
@given(st.one_of(st.text(), st.text("spiffe:/agencyunitsystem.-0A%?#\n", max_size=60).map("spiffe://".__add__)))
def test_any_text_is_one_spelling_of_an_id_or_refused(text: str) -> None:
    try:
        agency, unit, system = parse_spiffe_id(text, TRUST_DOMAIN)
    except (CredentialMalformed, CredentialForeign):
        return
    assert spiffe_id(TRUST_DOMAIN, agency, system, unit) == text


@settings(max_examples=30)
@given(agencies, units, systems)
def test_a_certificate_names_whom_it_was_issued_for(agency: str, unit: str, system: str) -> None:
    issued = authority().issue_agency(agency, system, make_key().public_key(), NOW, unit=unit)
    assert (issued.principal.agency, issued.principal.unit, issued.principal.system) == (agency, unit, system)
    assert issued.principal.entry_name.partition("/")[::2] == (agency, unit)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_certificate_is_a_principal_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(pem())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, 900))] = data.draw(st.integers(0, 255))
    try:
        principal = principal_from_pem(bytes(damaged), TRUST_DOMAIN)
    except (CredentialMalformed, CredentialForeign):
        return
    assert isinstance(principal, Principal)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_request_is_refused_or_proves_the_same_key(data: st.DataObject) -> None:
    damaged = bytearray(csr())
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ArgumentInvalid):
        assert public_key_of_csr(bytes(damaged)) == public_key_of_csr(csr())
