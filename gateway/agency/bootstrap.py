"""What a gateway needs before it can answer anybody: authority, server certificate, keys, database, operator.

Runs on the machine that holds the issuing key, before the log is open: nothing it does leaves an entry.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from gateway.agency.authority import (
    AGENCY_LIFETIME_SECONDS,
    CertificateAuthority,
    general_name,
    server_names,
)
from gateway.agency.certificates import Principal, key_from_pem, key_to_pem, make_key, principal_from_pem, public_to_pem
from gateway.agency.grants import Grant
from gateway.agency.identity import CERTIFICATE_FILE, ROOT_FILE, read_trust, write_identity, write_private
from gateway.agency.store import AgencyStore, Place
from gateway.api.v1 import agency_service_pb2, key_service_pb2, options_pb2, policy_service_pb2, usage_service_pb2
from gateway.errors import GatewayError, RecordExists

OPERATOR = "operator"
SECOND_OPERATOR = "operator-second"
OPERATORS = {OPERATOR: "Operator of the gateway", SECOND_OPERATOR: "Second operator of the gateway"}
"""Founded at the first start, with the same rights: what one proposes the other one approves."""
OPERATOR_PURPOSE = "gateway.operation"
OPERATOR_LEGAL_BASIS = "policy:operation"
OPERATED_WITH: tuple[tuple[Any, str], ...] = (
    (agency_service_pb2, "AgencyService"),
    (policy_service_pb2, "PolicyService"),
    (usage_service_pb2, "UsageService"),
    (key_service_pb2, "KeyService"),
)
"""Files and services of the contract that operators are founded with."""
SERVER_DAYS = 90
_OPERATOR_GRANT_SECONDS = 10 * 365 * 86400
_CURSOR_KEY_BYTES = 32
_PAIRWISE_KEY_BYTES = 32


def initialise(
    state: Path,
    names: Sequence[str],
    trust_domain: str,
    now: float,
    trust: Mapping[str, str],
    contract_digest: bytes,
) -> None:
    """Make what is missing and renew what lapses; a second run changes nothing.

    `names`: DNS names and addresses of the server. `trust`: see `write_identity`. `contract_digest`: 32 bytes.
    The caller holds the state directory's lock. Raises ValueError when the authority is of another trust domain.
    """
    authority_folder = state / "ca"
    if (authority_folder / "root.pem").exists():
        authority = CertificateAuthority.open(authority_folder, now)
    else:
        authority = CertificateAuthority.create(authority_folder, trust_domain, now)
    if authority.trust_domain != trust_domain:
        raise ValueError(
            f"the authority in {authority_folder} is of trust domain {authority.trust_domain}, "
            f"the settings say {trust_domain}; use another state directory"
        )
    renew_server(state, authority, names, now)
    token_key = make_key()
    if not (state / "keys" / "token.key").exists():
        write_private(state / "keys" / "token.pub", public_to_pem(token_key.public_key()))
    _write_once(state / "keys" / "token.key", key_to_pem(token_key))
    _write_once(state / "keys" / "pairwise.key", secrets.token_bytes(_PAIRWISE_KEY_BYTES))
    _write_once(state / "keys" / "cursor.key", secrets.token_bytes(_CURSOR_KEY_BYTES))
    store = _open_store(state)
    try:
        for code, name in OPERATORS.items():
            _establish_operator(store, code, name, now, contract_digest)
            _renew_operator(state, code, authority, store, now, trust)
    finally:
        store.close()


def renew_server(state: Path, authority: CertificateAuthority, names: Sequence[str], now: float) -> bool:
    """Issue the server's certificate when there is none, half its life is over, or its names or issuer changed.

    STATE/tls/server.pem: key, leaf and issuing certificate in one file, so that nobody reads halves of two pairs.
    True when it issued.
    """
    path = state / "tls" / "server.pem"
    if path.exists():
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        begins, ends = leaf.not_valid_before_utc.timestamp(), leaf.not_valid_after_utc.timestamp()
        if (
            now < (begins + ends) / 2
            and server_names(leaf) == frozenset(str(general_name(name).value) for name in names)
            and authority.is_issuer(leaf)
            and key_from_pem(path.read_bytes()).public_key() == leaf.public_key()
        ):
            return False
    issue_server_pair(state, authority, names, now)
    return True


def issue_server_pair(state: Path, authority: CertificateAuthority, names: Sequence[str], now: float) -> None:
    """Put a new key and certificate of the server in place; serving processes show it at the next handshake."""
    key = make_key()
    chain = authority.issue_server(names, key.public_key(), now, SERVER_DAYS)
    write_private(state / "tls" / "server.pem", key_to_pem(key) + chain)
    # For those who look at its dates and have no business with the key.
    write_private(state / "tls" / "chain.pem", chain)


def enrol_locally(
    state: Path, agency: str, system: str, folder: Path, now: float, trust: Mapping[str, str], unit: str = ""
) -> Principal:
    """Enrol an agency, a unit or a system of it on the gateway's own machine: key, certificate, identity folder.

    The operator's path without a code, for a demonstration's agencies; it leaves no entry in the log. Raises
    RecordUnknown when agency or unit is unknown or revoked, FileNotFoundError when the gateway was never started.
    """
    authority = CertificateAuthority.open(state / "ca", now)
    store = AgencyStore.open(state / "gateway.db")
    try:
        return _enrol(authority, store, agency, system, folder, now, trust, unit)
    finally:
        store.close()


def identity_lapses(folder: Path, authority: CertificateAuthority, now: float) -> bool:
    """Whether the folder holds no certificate of this authority with more than half its life left."""
    try:
        pem = (folder / CERTIFICATE_FILE).read_bytes()
        principal = principal_from_pem(pem, authority.trust_domain)
    except (FileNotFoundError, GatewayError):
        return True
    halfway = (principal.not_before + principal.not_after) / 2
    return now >= halfway or not authority.issued(x509.load_pem_x509_certificate(pem))


def _enrol(
    authority: CertificateAuthority,
    store: AgencyStore,
    agency: str,
    system: str,
    folder: Path,
    now: float,
    trust: Mapping[str, str],
    unit: str = "",
) -> Principal:
    store.require_place(Place(agency, unit, system))
    key = make_key()
    issued = authority.issue_agency(agency, system, key.public_key(), now, AGENCY_LIFETIME_SECONDS, unit)
    store.record_credential(issued.principal, int(now))
    write_identity(folder, key_to_pem(key), issued.chain_pem, authority.root_pem, trust)
    return issued.principal


def _open_store(state: Path) -> AgencyStore:
    path = state / "gateway.db"
    try:
        return AgencyStore.create(path)
    except FileExistsError:
        return AgencyStore.open(path)


def _establish_operator(store: AgencyStore, code: str, name: str, now: float, contract_digest: bytes) -> None:
    with contextlib.suppress(RecordExists):
        store.register_agency(code, name, options_pb2.AGENCY_CLASS_OPERATOR, int(now))
    view = store.load_view()
    # A revoked operator stays revoked, and one that has a grant gets further ones over the API, with an entry.
    if code not in view.agencies or view.agencies[code].grants:
        return
    store.create_grant(
        code,
        Grant(
            grant_id=store.reserve_grant_id(),
            methods=operator_methods(),
            purposes={OPERATOR_PURPOSE: frozenset({OPERATOR_LEGAL_BASIS})},
            fields=frozenset(),
            provinces=frozenset(),
            from_time=int(now),
            until_time=int(now) + _OPERATOR_GRANT_SECONDS,
            contract_digest=contract_digest,
        ),
    )


def operator_methods() -> frozenset[str]:
    """The methods that operators are founded with: all of the services by which a gateway is operated."""
    return frozenset(
        name for file, service in OPERATED_WITH for name in file.DESCRIPTOR.services_by_name[service].methods_by_name
    )


def _renew_operator(
    state: Path, code: str, authority: CertificateAuthority, store: AgencyStore, now: float, trust: Mapping[str, str]
) -> None:
    folder = state / code
    if code not in store.load_view().agencies:
        return
    if identity_lapses(folder, authority, now) or not _trusts(folder, trust, authority.root_pem):
        _enrol(authority, store, code, "", folder, now, trust)


def _trusts(folder: Path, trust: Mapping[str, str], roots: bytes) -> bool:
    try:
        return read_trust(folder) == dict(trust) and (folder / ROOT_FILE).read_bytes() == roots
    except (FileNotFoundError, ValueError):
        return False


def _write_once(path: Path, fresh: bytes) -> None:
    if not path.exists():
        write_private(path, fresh)
