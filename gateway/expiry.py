"""What of an agency ends next: certificates, signing keys, grants; and the server's own certificate. For /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cryptography import x509
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from gateway.agency.grants import Grant, in_force
from gateway.agency.store import AgencyRecord, AgencyStore

KEPT_SECONDS = 5.0
"""Several scrapers, or one that is impatient, do not make the database read each time."""


class ExpiryCollector:
    """Moments in unix seconds, labelled by agency. An agency with nothing that ends has no series."""

    def __init__(self, state: Path, now: Callable[[], float] = time.time) -> None:
        """`state`: the state directory. `now`: seconds since 1970."""
        self._state = state
        self._now = now
        self._kept: tuple[float, list[Metric]] = (float("-inf"), [])

    def collect(self) -> Iterator[Metric]:
        """What was found at most 5 s ago."""
        now = self._now()
        if now - self._kept[0] > KEPT_SECONDS:
            self._kept = now, self._found(now)
        yield from self._kept[1]

    def _found(self, now: float) -> list[Metric]:
        credentials = GaugeMetricFamily(
            "gateway_credential_expiry_timestamp_seconds",
            "When the first of an agency's systems is left without a certificate; unix seconds.",
            labels=["agency"],
        )
        keys = GaugeMetricFamily(
            "gateway_signing_key_expiry_timestamp_seconds",
            "When the first of an agency's systems is left without a signing key; unix seconds.",
            labels=["agency"],
        )
        grants = GaugeMetricFamily(
            "gateway_grant_expiry_timestamp_seconds",
            "When the first of an agency's grants ends that no later one covers; unix seconds.",
            labels=["agency"],
        )
        server = GaugeMetricFamily(
            "gateway_server_certificate_expiry_timestamp_seconds", "When the server's certificate ends; unix seconds."
        )
        leaf = x509.load_pem_x509_certificate((self._state / "tls" / "chain.pem").read_bytes())
        server.add_metric([], leaf.not_valid_after_utc.timestamp())
        store = AgencyStore.open(self._state / "gateway.db")
        try:
            records = [record for record in store.list_agencies(int(now)) if not record.revoked]
            signing = store.load_view().signing_keys.values()
        finally:
            store.close()
        for record in records:
            own = [key for key in signing if key.agency == record.code and not key.revoked and key.until_time > now]
            _add(credentials, record.code, _credentials_of(record))
            _add(keys, record.code, _last_of_each((f"{key.unit}/{key.system}", key.until_time) for key in own))
            _add(grants, record.code, _uncovered(in_force(record.grants, now)))
        return [credentials, keys, grants, server]


def _credentials_of(record: AgencyRecord) -> list[int]:
    """When each system's last certificate ends; systems of the same name in several units count as one."""
    held = (credential for credential in record.credentials if not credential.revoked)
    return _last_of_each((credential.system, credential.expires_at) for credential in held)


def _last_of_each(ends: Iterable[tuple[str, int]]) -> list[int]:
    last: dict[str, int] = {}
    for system, end in ends:
        last[system] = max(end, last.get(system, 0))
    return list(last.values())


def _uncovered(grants: tuple[Grant, ...]) -> list[int]:
    """Ends of the grants for which no other one with the same methods and purposes goes on."""

    def goes_on(grant: Grant, other: Grant) -> bool:
        return (
            other.until_time > grant.until_time
            and grant.methods <= other.methods
            and grant.purposes.keys() <= other.purposes.keys()
        )

    return [grant.until_time for grant in grants if not any(goes_on(grant, other) for other in grants)]


def _add(family: GaugeMetricFamily, agency: str, ends: list[int]) -> None:
    if ends:
        family.add_metric([agency], min(ends))
