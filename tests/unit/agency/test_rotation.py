"""Rotations on a state directory: what each puts in place, and what stays good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography import x509

from gateway.agency.authority import CertificateAuthority, root_bundle
from gateway.agency.bootstrap import initialise
from gateway.agency.certificates import make_key
from gateway.agency.rotation import ANNOUNCED_SECONDS, keys, prepare, rotating
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit
from gateway.audit.note import Verifier
from gateway.audit.receipt import ReceiptVerifier
from gateway.errors import CredentialForeign
from gateway.keyfiles import KeyState
from gateway.rotating import Authority, ServerTls, TokenKeys, keep_fresh, split_pair
from tests.unit.agency.world import NOW, TRUST, TRUST_DOMAIN, make_grant, principal

ORIGIN = "audit.popgate.example/2026"


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    create_audit(str(made), ORIGIN, lambda count: bytes(range(count)), RealFiles())
    initialise(made, ["localhost"], TRUST_DOMAIN, NOW, TRUST, bytes(32))
    return made


def test_every_kind_is_announced_then_active_and_all_of_it_private(state: Path) -> None:
    for kind in ANNOUNCED_SECONDS:
        prepare(state, kind, NOW, announced_seconds=10 + (kind == "root")).place()
    with pytest.raises(ValueError, match="already"):
        prepare(state, "root", NOW, announced_seconds=10)
    before = {(key.kind, key.name): key.state for key in keys(state, NOW)}
    after = {(key.kind, key.name): key.state for key in keys(state, NOW + 11)}
    assert before.keys() == after.keys()
    counted = {kind: sum(held == kind for held, _ in after) for kind in ANNOUNCED_SECONDS}
    # A new root brings an issuing key of its own.
    assert counted == {"token": 2, "cursor": 2, "receipt": 2, "issuing": 3, "root": 2, "server": 1}
    for (kind, name), now in after.items():
        then = before[kind, name]
        if kind != "server":
            assert (then, now) in (
                (KeyState.ACTIVE, KeyState.RETIRED),
                (KeyState.ANNOUNCED, KeyState.ACTIVE),
                (KeyState.ANNOUNCED, KeyState.RETIRED),  # the issuing key that the new root's one follows
            )
    for path in state.rglob("*"):
        if path.is_file() and "audit" not in path.parts[-2]:
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(("kind", "seconds"), [("log", 60), ("token", 2), ("token", -1)])
def test_what_cannot_be_rotated_is_said(state: Path, kind: str, seconds: int) -> None:
    with pytest.raises(ValueError):
        prepare(state, kind, NOW, announced_seconds=seconds)


def test_one_rotation_at_a_time_and_in_order(state: Path) -> None:
    with rotating(state):
        prepare(state, "token", NOW, announced_seconds=600).place()
        with pytest.raises(ValueError, match="already"):
            prepare(state, "token", NOW, announced_seconds=60)


def test_tokens_of_announced_active_and_retired_keys_are_taken(state: Path, clock: Clock) -> None:
    here = TokenKeys(state / "keys", TRUST_DOMAIN, clock)
    prepare(state, "token", NOW, announced_seconds=10).place()
    here.refresh()
    who = principal()
    old, _ = here.signer.issue(who, [make_grant()], clock.now, bytes(16))
    # Another worker whose clock is ahead uses the announced key already.
    ahead = TokenKeys(state / "keys", TRUST_DOMAIN, lambda: NOW + 11)
    early, _ = ahead.signer.issue(who, [make_grant()], clock.now, bytes(16))
    here.verifier.verify(early, who, clock.now)
    clock.now += 10
    here.refresh()
    assert here.signer.key_id == ahead.signer.key_id
    here.verifier.verify(old, who, clock.now)
    (state / "keys" / "token.key").unlink()  # a retired private key may go
    here.verifier.verify(old, who, clock.now)
    (state / "keys" / "token.pub").unlink()  # and when it leaked, the public one too
    here.refresh()
    with pytest.raises(CredentialForeign):
        here.verifier.verify(old, who, clock.now)


def test_certificates_of_a_retired_issuing_key_are_known_and_new_ones_are_of_the_active(
    state: Path, clock: Clock
) -> None:
    authority = Authority(state / "ca", clock)
    old = x509.load_pem_x509_certificate(authority().issue_agency("bhxh", "", make_key().public_key(), NOW).chain_pem)
    prepare(state, "issuing", NOW, announced_seconds=10).place()
    authority.refresh()
    assert authority().is_issuer(old)
    clock.now += 10
    authority.refresh()
    assert authority().issued(old)
    assert not authority().is_issuer(old)
    new = authority().issue_agency("bhxh", "", make_key().public_key(), clock.now).chain_pem
    leaf, issuing = x509.load_pem_x509_certificates(new)
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(x509.load_pem_x509_certificate((state / "ca" / "root.pem").read_bytes()))


def test_a_new_root_is_trusted_before_it_issues(state: Path, clock: Clock) -> None:
    authority = Authority(state / "ca", clock)
    first = authority().root_pem
    prepare(state, "root", NOW, announced_seconds=10).place()
    authority.refresh()
    new, old = x509.load_pem_x509_certificates(authority().root_pem)
    assert first == (state / "ca" / "root.pem").read_bytes() in root_bundle(state / "ca")
    clock.now += 10
    authority.refresh()
    _, issuing = x509.load_pem_x509_certificates(
        authority().issue_agency("bhxh", "", make_key().public_key(), clock.now).chain_pem
    )
    issuing.verify_directly_issued_by(new)
    assert new.subject == old.subject


def test_an_issuing_key_needs_the_roots_key(state: Path, tmp_path: Path) -> None:
    (state / "ca" / "root.key").rename(tmp_path / "taken-away.key")
    with pytest.raises(FileNotFoundError):
        prepare(state, "issuing", NOW)
    prepare(state, "issuing", NOW, root_key=tmp_path / "taken-away.key").place()
    with pytest.raises(ValueError, match="root"):
        prepare(state, "issuing", NOW + 100, root_key=state / "ca" / "issuing.key")
    CertificateAuthority.open(state / "ca", NOW + 100)


def test_receipt_lines_stand_before_their_key_signs(state: Path) -> None:
    rotation = prepare(state, "receipt", NOW)
    assert rotation.effective_from == NOW + ANNOUNCED_SECONDS["receipt"]
    rotation.place()
    text = (state / "audit" / "receipt.vkey").read_text()
    verifier = ReceiptVerifier.from_text(text)
    assert verifier.knows(int(rotation.name, 16))
    assert {Verifier.from_text(line).name for line in text.strip().split("\n")} == {f"{ORIGIN}/receipts"}


def test_the_server_shows_key_and_chain_of_one_pair(state: Path) -> None:
    tls = ServerTls(state, mutual=True)
    before = (state / "tls" / "server.pem").read_bytes()
    assert tls._fetch() is None
    prepare(state, "server", NOW + 5).place()
    assert tls._fetch() is not None
    assert tls._fetch() is None
    key, chain = split_pair((state / "tls" / "server.pem").read_bytes())
    assert before != key + chain
    (state / "tls" / "server.pem").write_bytes(chain)
    assert tls._fetch() is None  # half a pair is never shown
    with pytest.raises(ValueError):
        split_pair(chain)


async def test_what_cannot_be_read_leaves_the_old_key_in_use(state: Path, clock: Clock) -> None:
    here = TokenKeys(state / "keys", TRUST_DOMAIN, clock)
    kid = here.signer.key_id
    prepare(state, "token", NOW, announced_seconds=3).place()
    (path,) = (state / "keys").glob("token-*.key")
    path.write_bytes(b"damaged")
    clock.now += 3
    looked = asyncio.Event()

    class Last:
        def refresh(self) -> None:
            looked.set()

    task = asyncio.create_task(keep_fresh([here, Last()]))
    await asyncio.wait_for(looked.wait(), 30)
    assert here.signer.key_id == kid
    assert not task.done()
    task.cancel()
