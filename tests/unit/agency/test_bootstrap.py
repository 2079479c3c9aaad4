"""The first start of a gateway, and every later one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509

from gateway.agency.authority import root_bundle
from gateway.agency.bootstrap import (
    OPERATOR,
    OPERATOR_LEGAL_BASIS,
    OPERATOR_PURPOSE,
    OPERATORS,
    SECOND_OPERATOR,
    enrol_locally,
    initialise,
)
from gateway.agency.certificates import key_from_pem, principal_from_pem
from gateway.agency.grants import decide
from gateway.agency.identity import read_trust, write_identity
from gateway.agency.ledger import Target
from gateway.agency.rotation import prepare
from gateway.agency.store import AgencyStore
from gateway.api.v1 import options_pb2
from gateway.errors import RecordUnknown
from gateway.rotating import split_pair
from tests.unit.agency.world import NOW, TRUST, TRUST_DOMAIN

NAMES = ["localhost", "127.0.0.1", "0:0::1"]
DAY = 86400


@dataclass
class Started:
    """What a start left: files by name, and what the view of the policy holds."""

    state: Path
    files: dict[str, bytes] = field(default_factory=dict)

    def start(self, now: float = NOW, names: list[str] | None = None, trust: dict[str, str] | None = None) -> set[str]:
        """Initialise, and tell which files changed."""
        before = self.files
        initialise(self.state, names or NAMES, TRUST_DOMAIN, now, trust or TRUST, bytes(32))
        paths = [path for path in self.state.rglob("*") if path.is_file() and not path.name.startswith("gateway.db")]
        self.files = {str(path.relative_to(self.state)): path.read_bytes() for path in paths}
        return {name for name, data in self.files.items() if before.get(name) != data}


@pytest.fixture
def started(tmp_path: Path) -> Started:
    made = Started(tmp_path / "state")
    made.start()
    return made


def test_the_first_start_makes_everything_and_all_of_it_private(started: Started) -> None:
    assert started.files.keys() == {
        "ca/root.pem",
        "ca/root.key",
        "ca/issuing.pem",
        "ca/issuing.key",
        "tls/server.pem",
        "tls/chain.pem",
        "keys/token.key",
        "keys/token.pub",
        "keys/cursor.key",
        "keys/pairwise.key",
        "keys/policy.key",
        *(f"{operator}/{name}" for operator in OPERATORS for name in ("cert.pem", "key.pem", "ca.pem", "trust.json")),
    }
    assert len(started.files["keys/cursor.key"]) == 32
    for path in started.state.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_second_start_changes_nothing(started: Started) -> None:
    store = AgencyStore.open(started.state / "gateway.db")
    version = store.policy_version()
    assert started.start(NOW + 3600) == set()
    assert store.policy_version() == version
    store.close()


@pytest.mark.parametrize("code", OPERATORS)
def test_an_operator_may_administer_and_nothing_else(started: Started, code: str) -> None:
    store = AgencyStore.open(started.state / "gateway.db")
    operator = store.load_view().agencies[code]
    (credential,) = next(record for record in store.list_agencies(NOW) if record.code == code).credentials
    store.close()
    assert operator.agency_class == options_pb2.AGENCY_CLASS_OPERATOR
    (grant,) = operator.grants
    assert {"RegisterAgency", "CreateGrant", "ApproveGrant", "Revoke", "RecordKeyRotation"} <= grant.methods
    assert grant.methods.isdisjoint({"LookUpPerson", "Pull", "Push", "QueryAccesses"})
    right = decide(
        [grant], {grant.grant_id: grant}, "Revoke", OPERATOR_PURPOSE, OPERATOR_LEGAL_BASIS, NOW + 9 * 365 * DAY
    )
    assert right.fields == frozenset()
    principal = principal_from_pem(started.files[f"{code}/cert.pem"], TRUST_DOMAIN)
    assert (principal.agency, principal.system) == (code, "")
    assert credential.thumbprint == principal.thumbprint
    assert started.files[f"{code}/ca.pem"] == started.files["ca/root.pem"]
    key = key_from_pem(started.files[f"{code}/key.pem"])
    assert key.public_key() == x509.load_pem_x509_certificate(started.files[f"{code}/cert.pem"]).public_key()
    assert read_trust(started.state / code) == TRUST


def test_the_operators_identity_is_renewed_at_half_life(started: Started) -> None:
    assert started.start(NOW + 11 * 3600) == set()
    renewed = {f"{operator}/{name}" for operator in OPERATORS for name in ("cert.pem", "key.pem")}
    assert started.start(NOW + 13 * 3600) == renewed
    assert started.start(NOW + 30 * DAY) == renewed


def test_the_operators_identity_follows_the_servers_address(started: Started) -> None:
    changed = started.start(trust=TRUST | {"server": "gate.example:443"})
    assert "operator/trust.json" in changed
    assert read_trust(started.state / "operator")["server"] == "gate.example:443"


def test_the_operators_identity_follows_the_roots(started: Started) -> None:
    prepare(started.state, "root", NOW, announced_seconds=60).place()
    assert "operator/ca.pem" in started.start(NOW + 1)
    assert (started.state / "operator" / "ca.pem").read_bytes() == root_bundle(started.state / "ca")


def test_a_revoked_operator_is_not_enrolled_again(started: Started) -> None:
    store = AgencyStore.open(started.state / "gateway.db")
    store.revoke(Target.AGENCY, OPERATOR, NOW)
    store.close()
    assert started.start(NOW + 2 * DAY) == {f"{SECOND_OPERATOR}/{name}" for name in ("cert.pem", "key.pem")}


def test_the_servers_certificate_is_renewed_at_half_life_and_for_new_names(started: Started) -> None:
    tls = {"tls/server.pem", "tls/chain.pem"}
    assert not tls & started.start(NOW + 44 * DAY)
    assert tls <= started.start(NOW + 46 * DAY)
    assert tls <= started.start(NOW + 46 * DAY, names=["gate.example"])
    assert not tls & started.start(NOW + 46 * DAY, names=["gate.example"])


def test_a_server_key_of_another_certificate_is_replaced(started: Started) -> None:
    _, chain = split_pair(started.files["tls/server.pem"])
    (started.state / "tls" / "server.pem").write_bytes(started.files["operator/key.pem"] + chain)
    started.start()
    leaf = x509.load_pem_x509_certificate(started.files["tls/server.pem"])
    assert key_from_pem(started.files["tls/server.pem"]).public_key() == leaf.public_key()


def test_another_trust_domain_is_refused(started: Started) -> None:
    with pytest.raises(ValueError, match=r"other\.example"):
        initialise(started.state, NAMES, "other.example", NOW, TRUST, bytes(32))


def test_an_agency_is_enrolled_locally(started: Started) -> None:
    store = AgencyStore.open(started.state / "gateway.db")
    store.register_agency("bhxh", "Social insurance", 3, NOW)
    folder = started.state / "agencies" / "bhxh"
    principal = enrol_locally(started.state, "bhxh", "hq", folder, NOW, TRUST)
    assert principal_from_pem((folder / "cert.pem").read_bytes(), TRUST_DOMAIN) == principal
    assert folder.stat().st_mode & 0o777 == 0o700
    assert store.list_agencies(NOW)[0].credentials[0].system == "hq"
    store.revoke(Target.AGENCY, "bhxh", NOW)
    store.close()
    for agency in ("bhxh", "none"):
        with pytest.raises(RecordUnknown):
            enrol_locally(started.state, agency, "", folder, NOW, TRUST)


def test_an_identity_folder_is_tightened_and_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    folder.mkdir(mode=0o755)
    (folder / "key.pem").touch(mode=0o644)
    write_identity(folder, b"key", b"chain", b"root", TRUST)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("key.pem", "cert.pem", "ca.pem", "trust.json"), 0o600
    )
    assert (folder / "key.pem").read_bytes() == b"key"


@pytest.mark.parametrize("text", ["[]", '{"server": 1}', "{"])
def test_trust_lines_that_are_no_texts_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "trust.json").write_text(text)
    with pytest.raises(ValueError):
        read_trust(tmp_path)
