"""Finds out why no connection comes about, from this side alone: a refused handshake leaves no answer.

Each check looks at one thing and gives one line; nothing here sends a token or asks about a person.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.agency.identity import CERTIFICATE_FILE, KEY_FILE
from gateway.client.errors import IdentityInvalid
from gateway.client.identity import Identity, check_dates, local_time

PROBE_SECONDS: Final = 3.0
_HOSTNAME_MISMATCHES = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class Outcome(Enum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found and, when it failed, what to do next."""

    name: str
    outcome: Outcome
    found: str
    advice: str = ""


def dates(identity: Identity, now: datetime) -> Check:
    """Whether the certificate is valid at `now` (aware)."""
    try:
        check_dates(identity, now)
    except IdentityInvalid as error:
        found, _, advice = error.sentence.partition("; ")
        return Check("dates", Outcome.FAILED, found, advice)
    leaf = identity.certificate
    half = leaf.not_valid_before_utc + (leaf.not_valid_after_utc - leaf.not_valid_before_utc) / 2
    until = local_time(leaf.not_valid_after_utc)
    return Check("dates", Outcome.OK, f"valid until {until}, renewed by the client from {local_time(half)} on")


def issuer(identity: Identity, now: datetime) -> Check:
    """Whether the chain leads from the certificate to one of the gateway's roots."""
    advice = "restore the folder's cert.pem and ca.pem as the operator gave them, or enrol again"
    subject = identity.certificate
    for authority in (*identity.certificates[1:], *identity.roots):
        try:
            subject.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        if not authority.not_valid_before_utc <= now < authority.not_valid_after_utc:
            found = f"the authority {authority.subject.rfc4514_string()} is not valid now"
            return Check("issuer", Outcome.FAILED, found, advice)
        if authority in identity.roots:
            return Check("issuer", Outcome.OK, f"issued under {authority.subject.rfc4514_string()}")
        subject = authority
    found = f"no authority in the folder issued {subject.subject.rfc4514_string()}"
    return Check("issuer", Outcome.FAILED, found, advice)


def usage(identity: Identity) -> Check:
    """Whether the certificate may be used by a client."""
    try:
        usages = identity.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        good = ExtendedKeyUsageOID.CLIENT_AUTH in usages
    except x509.ExtensionNotFound:
        good = False
    if good:
        return Check("usage", Outcome.OK, "for client authentication")
    return Check(
        "usage",
        Outcome.FAILED,
        "the certificate is not for client authentication",
        "use the enrolled certificate",
    )


def name(identity: Identity) -> Check:
    """Whether the certificate names exactly one agency of the gateway's trust domain."""
    names = identity.spiffe_ids
    if len(names) == 1 and names[0].startswith(f"spiffe://{identity.trust_domain}/agency/"):
        return Check("name", Outcome.OK, names[0])
    found = f"the certificate names {', '.join(names) or 'nobody'}, not one agency of {identity.trust_domain}"
    return Check("name", Outcome.FAILED, found, "enrol with this gateway; each gateway has identities of its own")


def split_server(server: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises ValueError."""
    host, _, port = server.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{server!r} is not HOST:PORT, for example gateway.example:8443")
    return host.strip("[]"), int(port)


def reach(server: str) -> Check:
    """Whether something listens at `server`. Blocks for at most PROBE_SECONDS."""
    try:
        with socket.create_connection(split_server(server), PROBE_SECONDS):
            return Check("reach", Outcome.OK, f"something listens at {server}")
    except ValueError as error:
        return Check("reach", Outcome.FAILED, str(error), "correct the server's address")
    except socket.gaierror:
        found, advice = (
            f"the name in {server} is not known",
            "correct the host, or ask your network's operator",
        )
    except ConnectionRefusedError:
        found, advice = f"nothing listens at {server}", "check host and port, and that the gateway runs there"
    except TimeoutError:
        found, advice = f"{server} does not answer", "look for a firewall between here and there"
    except OSError as error:
        found, advice = f"{server} cannot be reached ({error.strerror})", "check this machine's network"
    return Check("reach", Outcome.FAILED, found, advice)


def handshake(identity: Identity, server: str) -> Check:
    """Whether both sides take each other's certificate. Blocks for at most twice PROBE_SECONDS."""
    if identity.signer is not None:
        return Check("handshake", Outcome.SKIPPED, "the key is not in a file, so that only a call can try it")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=identity.root_pem.decode("ascii"))
        context.load_cert_chain(identity.folder / CERTIFICATE_FILE, identity.folder / KEY_FILE)
        context.set_alpn_protocols(["h2"])
        host, port = split_server(server)
        with (
            socket.create_connection((host, port), PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            # In TLS 1.3 the client is done before the server has judged its certificate; the verdict is the
            # first thing to read: HTTP/2 settings, or an alert.
            if secured.recv(1):
                return Check("handshake", Outcome.OK, f"{secured.version()}, both certificates accepted")
            found = "the gateway closed the connection after seeing this certificate"
            return Check("handshake", Outcome.FAILED, found, _NOT_TAKEN)
    except ssl.SSLCertVerificationError as error:
        return _server_not_trusted(error, server)
    except ssl.SSLError as error:
        return _refused(error, server)
    except TimeoutError:
        found = f"{server} accepts connections but does not speak"
        return Check("handshake", Outcome.FAILED, found, "ask the operator whether the gateway is overloaded")
    except (OSError, ValueError) as error:
        found = f"the gateway closed the connection during the handshake ({error})"
        return Check("handshake", Outcome.FAILED, found, _NOT_TAKEN)


_NOT_TAKEN = (
    "the certificate looks sound from here, so ask the operator whether the gateway's authority was replaced, "
    "and enrol again"
)


def _server_not_trusted(error: ssl.SSLCertVerificationError, server: str) -> Check:
    if error.verify_code in _HOSTNAME_MISMATCHES:
        found = f"the server's certificate is not for the name in {server}"
        advice = "use the name that the operator gave you, not another name or address of the same machine"
    else:
        found = f"the server's certificate is not of the gateway that ca.pem trusts ({error.verify_message})"
        advice = "check host and port; if the gateway's root was replaced, enrol again. Do not go on otherwise"
    return Check("handshake", Outcome.FAILED, found, advice)


def _refused(error: ssl.SSLError, server: str) -> Check:
    reason = (error.reason or "").upper()
    if "WRONG_VERSION" in reason or "HTTP_REQUEST" in reason or "PACKET_LENGTH" in reason:
        found = f"what listens at {server} does not speak TLS"
        return Check("handshake", Outcome.FAILED, found, "use the agencies' port of the gateway")
    told = reason.replace("_", " ").lower() or "no reason given"
    return Check("handshake", Outcome.FAILED, f"the gateway refused this certificate ({told})", _NOT_TAKEN)


def own_certificate(identity: Identity, now: datetime) -> list[Check]:
    """The checks that need no network, in the order in which to mend them."""
    return [dates(identity, now), issuer(identity, now), usage(identity), name(identity)]


async def explain(identity: Identity, server: str, now: datetime) -> str | None:
    """The first thing found wrong and what to do, as one sentence; None when all looks well from here."""
    checks = own_certificate(identity, now)
    failed = next((check for check in checks if check.outcome is Outcome.FAILED), None)
    if failed is None:
        failed = await asyncio.to_thread(reach, server)
    if failed.outcome is not Outcome.FAILED:
        failed = await asyncio.to_thread(handshake, identity, server)
    if failed.outcome is not Outcome.FAILED:
        return None
    return f"{failed.found[:1].upper()}{failed.found[1:]}; {failed.advice}."
