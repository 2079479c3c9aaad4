"""What looking at certificate, token, expiry and revocation costs each call, measured in this process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from gateway.agency.certificates import key_from_pem, principal_from_pem
from gateway.agency.store import AgencyStore
from gateway.agency.tokens import TokenSigner, TokenVerifier
from gateway.agency.view import PolicyWatcher
from gateway.chain.authenticate import Authenticator
from gateway.chain.base import Call
from gateway.chain.methods import compile_methods
from gateway.config import Settings
from gateway.rotating import Issuers
from tests.bench.rows import Results
from tests.bench.stage import ASKER

CALLS = 20_000


def measure(state: Path, settings: Settings, results: Results, runs: int) -> None:
    """The row, over the agencies of a state directory that nobody serves from now."""
    store = AgencyStore.open(state / "gateway.db")
    watcher = PolicyWatcher(store, time.monotonic)
    asyncio.run(watcher.refresh())
    domain = settings.trust_domain
    signer = TokenSigner(key_from_pem((state / "keys" / "token.key").read_bytes()), domain, domain, domain)
    verifier = TokenVerifier({signer.key_id: signer.public_key}, domain, domain, domain)
    authenticator = Authenticator(watcher, verifier, domain, time.time, Issuers(state / "ca", time.time))
    pem = (state / "agencies" / ASKER / "cert.pem").read_bytes()
    principal = principal_from_pem(pem, domain)
    token, _ = signer.issue(principal, watcher.view().agency(ASKER).grants, time.time(), bytes(range(16)))
    peer, metadata = {"x509_pem_cert": [pem]}, (("user-agent", "bench"), ("authorization", f"Bearer {token}"))
    method = compile_methods()["LookUpPerson"]
    took = []
    for _ in range(runs):
        asyncio.run(watcher.refresh())
        begin = time.process_time()
        for _ in range(CALLS):
            authenticator.authenticate(Call(method, bytes(16), b""), peer, metadata)
        took.append((time.process_time() - begin) / CALLS * 1e6)
    checks = results.add("identity_check", took, note="in a hot loop, remembered token")
    share, cost = (results.rows.get(f"unary_{name}_2w_32") for name in ("share", "server_cpu"))
    if share is not None and cost is not None:
        lost = 100 * share.value * checks.value / (cost.value - checks.value)
        results.add("share_lost_to_checks", [lost], note="computed: the checks' part of the server CPU of a look-up")
    store.close()
