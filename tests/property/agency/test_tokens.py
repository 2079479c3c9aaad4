"""Tokens: what is issued is what is verified, and whoever changes one meets a declared refusal."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.certificates import Principal
from gateway.agency.grants import Grant, Leniency
from gateway.errors import CredentialForeign, CredentialMalformed
from tests.unit.agency.world import NOW, make_grant, principal, signer, verifier

names = st.text("abcdefghijklmnopqrstuvwxyzáđ._", min_size=1, max_size=12)
texts = st.frozensets(names, max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@functools.cache
def hq() -> Principal:
    return principal()


@functools.cache
def issued() -> str:
    return signer().issue(hq(), [make_grant()], NOW, bytes(16))[0]


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def assert_refused(token: str) -> None:
    try:
        verifier().verify(token, hq(), NOW)
    except (CredentialMalformed, CredentialForeign):
        return
    raise AssertionError("a token that nobody signed was accepted")


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            Grant,
            grant_id=st.integers(1, 2**53),
            methods=texts,
            purposes=st.dictionaries(names, texts, max_size=3),
            fields=texts,
            provinces=st.frozensets(st.from_regex(r"[0-9]{2}", fullmatch=True), max_size=4),
            from_time=st.just(NOW),
            until_time=st.just(NOW + 600),
            contract_digest=st.just(b""),
            verify_fields=texts,
            predicates=texts,
            leniency=st.sampled_from(Leniency),
            own_subjects=st.booleans(),
        ),
        max_size=3,
        unique_by=lambda grant: grant.grant_id,
    ),
    st.binary(min_size=16, max_size=16),
    st.integers(1, 600),
)
def test_a_token_reads_back(grants: list[Grant], token_id: bytes, lifetime: int) -> None:
    token, expires = signer().issue(hq(), grants, NOW, token_id, lifetime)
    read = verifier().verify(token, hq(), NOW)
    assert (read.token_id, read.expires) == (token_id, expires)
    assert {number: grant.purposes for number, grant in read.grants.items()} == {
        grant.grant_id: grant.purposes for grant in grants
    }
    for grant in grants:
        assert read.grants[grant.grant_id] == replace(grant, until_time=expires)


@settings(max_examples=200)
@given(st.data())
def test_a_changed_character_is_refused(data: st.DataObject) -> None:
    token = issued()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[place]))
    assert_refused(token[:place] + other + token[place + 1 :])


@settings(max_examples=100)
@given(st.data())
def test_a_shortened_or_lengthened_token_is_refused(data: st.DataObject) -> None:
    token = issued()
    assert_refused(token[: data.draw(st.integers(0, len(token) - 1))])
    assert_refused(token + data.draw(st.text(min_size=1, max_size=5)))


@settings(max_examples=150)
@given(json_values, json_values)
def test_a_made_up_header_or_body_is_refused(header: Any, body: Any) -> None:
    head, claims, signature = issued().split(".")
    assert_refused(f"{encode(header)}.{claims}.{signature}")
    assert_refused(f"{head}.{encode(body)}.{signature}")
    assert_refused(f"{encode(header)}.{encode(body)}.")


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_any_text_is_refused_by_a_declared_error(text: str) -> None:
    assert_refused(text)
