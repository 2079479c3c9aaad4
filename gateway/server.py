"""The one wiring place of a serving process: builds every part of a worker or of the enrolment process, and serves."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from gateway import config
from gateway.agency.administration import AgencyMethods
from gateway.agency.enrolment import EnrolmentMethods, TrustLines
from gateway.agency.key_service import KeyMethods
from gateway.agency.notice import socket_path
from gateway.agency.published import receipt_verifiers
from gateway.agency.questions import PolicyMethods
from gateway.agency.service import TokenMethods
from gateway.agency.signing_service import SigningMethods
from gateway.agency.store import AgencyStore
from gateway.agency.subject_service import SubjectMethods
from gateway.agency.view import PolicyWatcher
from gateway.api.v1 import options_pb2
from gateway.audit.barrier import AuditBarrier
from gateway.audit.fold import RefusalFold
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.audit.service import AuditMethods
from gateway.catalogue import Catalogue
from gateway.chain import Chain
from gateway.chain.admit import Admitter
from gateway.chain.authenticate import Authenticator
from gateway.chain.base import Behaviour
from gateway.chain.methods import Method, compile_methods
from gateway.chain.record import Recorder
from gateway.chain.refuse import Refuser
from gateway.chain.shares import Shares
from gateway.chain.turns import Threads
from gateway.config import Settings
from gateway.keyfiles import KeyFile, Refreshed
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.criteria import Searching
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.finding import FindingMethods
from gateway.lookup.fragments import BasicFragments
from gateway.lookup.older import OlderNumbers
from gateway.lookup.pairwise import PairwiseKey
from gateway.lookup.people import People, UnitNames
from gateway.lookup.searching import SearchMethods
from gateway.lookup.service import LookupMethods
from gateway.lookup.telling import Telling
from gateway.lookup.tokened import Tokened
from gateway.lookup.verification.plan import Plans
from gateway.lookup.verifying import VerificationMethods
from gateway.metrics import Metrics
from gateway.pulse import beat
from gateway.rotating import Authority, Issuers, ServerTls, TokenKeys, keep_fresh
from gateway.rpc import Server
from gateway.sync.cursor import CursorKey
from gateway.sync.feed import Feed
from gateway.sync.push import Pushing
from gateway.sync.service import SyncMethods
from gateway.sync.write_barrier import WriteBarrier
from gateway.usage.service import UsageMethods
from registry.engine import is_sqlite, open_engine
from registry.finding import FindingStore
from registry.people import PeopleStore
from registry.ready import ReadyPeople
from registry.searching import SearchStore
from registry.units import Units

_OPTIONS = (
    ("grpc.so_reuseport", 1),
    ("grpc.max_receive_message_length", config.GRPC_MESSAGE_BYTES_MAX),
    # A token alone may take 7 KiB.
    ("grpc.max_metadata_size", config.METADATA_BYTES_MAX),
    ("grpc.absolute_max_metadata_size", config.METADATA_BYTES_MAX),
    ("grpc.max_send_message_length", config.GRPC_MESSAGE_BYTES_MAX),
    ("grpc.max_concurrent_streams", config.STREAMS_PER_CONNECTION_MAX),
    # Or answered calls count against the limit until the loop has seen that they are over, and of twice as few in
    # flight many are refused, which clients repeat only once. What a caller opens and resets is bounded by gRPC's own
    # queue of calls that nobody has taken in, and by what an agency may hold.
    ("grpc.http.overload_protection", 0),
    ("grpc.max_connection_age_ms", config.CONNECTION_AGE_MS_MAX),
    ("grpc.max_connection_age_grace_ms", config.CONNECTION_GRACE_MS),
)


_ENROLMENT_OPTIONS = (
    ("grpc.max_receive_message_length", config.ENROLMENT_BYTES_MAX),
    ("grpc.max_concurrent_streams", config.ENROLMENTS_PER_CONNECTION_MAX),
)
"""Nobody on that port has shown a certificate, and gRPC keeps what has come of a message until it is whole."""

_SWITCH_SECONDS = 0.001
"""The thread that reads the registry gives the interpreter back to the loop after this time."""


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class Spine:
    """What both kinds of serving process share: the audit barrier, the recorder, the refuser, the metrics, threads."""

    def __init__(self, settings: Settings, epoch: int) -> None:
        """`epoch`: grows with every start of a serving process; stands in each entry."""
        paths = AuditPaths(str(settings.state))
        self.metrics = Metrics()
        self.keys = KeyRing(paths.keys, os.urandom)
        self.threads = Threads()
        self.barrier = AuditBarrier(paths.socket, self.metrics.batch_observer("audit"))
        self.recorder = Recorder(self.barrier, self.keys, settings.origin, epoch, now_us, os.urandom)
        self.refuser = Refuser(self.recorder, RefusalFold(), self.metrics, now_us)

    def join(self, authenticator: Authenticator | None, workers: int = 1, shares: Shares | None = None) -> Chain:
        """The chain of this process, one of so many."""
        seat = (secrets.token_hex(8), workers)
        admitter = Admitter(self.barrier.permits, self.metrics.took_to_admit)
        return Chain(
            authenticator,
            self.recorder,
            self.refuser,
            self.metrics,
            time.time,
            os.urandom,
            admitter,
            seat,
            shares,
        )


async def run_worker(settings: Settings, epoch: int, ready: Callable[[], None]) -> None:
    """Serve the agencies' port until SIGTERM; answers nothing before the log can be written."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    spine = Spine(settings, epoch)
    store = AgencyStore.open(settings.state / "gateway.db")
    watched = AgencyStore.open(settings.state / "gateway.db")
    watcher = PolicyWatcher(watched, time.monotonic, socket_path(settings.run, epoch))
    await watcher.start()
    beating = asyncio.create_task(beat(settings.run / "policy", epoch, watcher.age_seconds), name="pulse")
    tokens = TokenKeys(settings.keys, settings.trust_domain, time.time)
    engine = open_engine(settings.registry, read_only=True)
    inline = is_sqlite(engine)
    issuers = Issuers(settings.state / "ca", time.time)
    authenticator = Authenticator(watcher, tokens.verifier, settings.trust_domain, time.time, issuers)
    chain = spine.join(authenticator, settings.workers, Shares(1) if inline else Shares())

    methods, catalogue = compile_methods(), Catalogue.compile()
    pairwise = PairwiseKey((settings.keys / "pairwise.key").read_bytes())
    disclosures = Disclosures(catalogue, pairwise)
    registry = PeopleStore(engine)
    units = Units.from_engine(engine)
    places = UnitNames(units)
    fragments = ReadyPeople(registry.reader, engine, BasicFragments(disclosures, places), settings.pack)
    people = People(registry, store.subjects, fragments)
    telling = Telling(people, disclosures, places, spine.recorder, time.time)
    finding, searches = FindingStore(registry.reader), SearchStore(registry.reader)
    older = OlderNumbers(searches, finding, people, spine.threads)
    reading = ReadBarrier(people, inline=inline, observe=spine.metrics.batch_observer("read"))
    writing = WriteBarrier(str(settings.run / "writer.sock"))
    cursors = CursorKey((settings.keys / "cursor.key").read_bytes(), settings.origin, registry.meta().epoch)
    cursor_keys = Refreshed(settings.keys, "cursor", partial(_use_cursor_keys, cursors), time.time)
    names = frozenset(methods)

    def in_use() -> frozenset[str]:
        return frozenset((tokens.signer.key_id, issuers.active))

    streamed = frozenset(name for name, method in methods.items() if method.frame_class is not None)

    behaviours = _behaviours(
        methods,
        options_pb2.LISTENER_AGENCY,
        LookupMethods(reading, disclosures, places, spine.recorder, time.time),
        VerificationMethods(reading, Plans(catalogue), places, older, spine.recorder, time.time),
        FindingMethods(telling, finding, spine.threads),
        SearchMethods(telling, searches, Searching(searches, units), spine.threads),
        SyncMethods(
            Feed(people, registry, cursors, disclosures, catalogue, places, spine.recorder, spine.threads),
            Pushing(reading, writing, catalogue, watcher.view, spine.recorder, now_us),
        ),
        TokenMethods(lambda: tokens.signer, watcher.view, time.time, secrets.token_bytes),
        AuditMethods(reading, registry, spine.keys, spine.recorder, str(settings.state), now_us, spine.threads),
        AgencyMethods(store, catalogue, names, time.time, spine.threads, streamed=streamed, in_use=in_use),
        PolicyMethods(watcher.view, catalogue, names, spine.keys, str(settings.state), time.time, spine.threads),
        UsageMethods(store, spine.keys, str(settings.state), spine.threads),
        KeyMethods(),
        SubjectMethods(reading, store.subjects, spine.recorder, spine.threads),
        SigningMethods(store.signing_keys, watcher.view, settings.trust_domain, time.time, spine.threads),
    )
    credentials = ServerTls(settings.state, mutual=True).credentials()
    fresh = asyncio.create_task(keep_fresh([tokens, cursor_keys, issuers]), name="keep keys fresh")
    behaviours = {name: Tokened(behaviour, pairwise, finding, spine.threads) for name, behaviour in behaviours.items()}
    await _serve(spine, chain, methods, behaviours, f"{settings.host}:{settings.port}", credentials, ready)
    fresh.cancel()
    reading.close()
    await writing.close()
    beating.cancel()
    await watcher.stop()
    watched.close()
    registry.close()
    store.close()


async def run_enrolment(settings: Settings, epoch: int, ready: Callable[[], None]) -> None:
    """Serve the enrolment port until SIGTERM; the only process that opens the issuing key."""
    spine = Spine(settings, epoch)
    store = AgencyStore.open(settings.state / "gateway.db")
    authority = Authority(settings.state / "ca", time.time)
    methods = compile_methods()
    behaviours = _behaviours(
        methods,
        options_pb2.LISTENER_ENROLMENT,
        EnrolmentMethods(store, authority, lambda: trust_lines(settings), time.time),
    )
    credentials = ServerTls(settings.state, mutual=False).credentials()
    fresh = asyncio.create_task(keep_fresh([authority]), name="keep keys fresh")
    address = f"{settings.host}:{settings.enrolment_port}"
    await _serve(spine, spine.join(None), methods, behaviours, address, credentials, ready, _ENROLMENT_OPTIONS)
    fresh.cancel()
    store.close()


def _behaviours(methods: Mapping[str, Method], listener: int, *roles: object) -> dict[str, Behaviour]:
    """The behaviour of every method of a listener. Raises RuntimeError when contract and roles differ."""
    found: dict[str, Behaviour] = {}
    for name, method in methods.items():
        if method.listener == listener:
            behaviours = [getattr(role, name) for role in roles if hasattr(role, name)]
            if len(behaviours) != 1:
                raise RuntimeError(f"{len(behaviours)} roles serve the contract's method {name}, must be one")
            found[name] = behaviours[0]
    return found


def trust_lines(settings: Settings) -> TrustLines:
    """The log's name and verifier lines, as they stand now."""
    paths = AuditPaths(str(settings.state))
    present, lines = receipt_verifiers(settings.state, time.time())
    return TrustLines(settings.origin, Path(paths.log_vkey).read_text().strip(), present, lines)


def _use_cursor_keys(cursors: CursorKey, files: Sequence[KeyFile], chosen: KeyFile) -> None:
    cursors.use(chosen.path.read_bytes(), [file.path.read_bytes() for file in files if file != chosen])


async def _serve(
    spine: Spine,
    chain: Chain,
    methods: Mapping[str, Method],
    behaviours: Mapping[str, Behaviour],
    address: str,
    credentials: grpc.ServerCredentials,
    ready: Callable[[], None],
    options: Sequence[tuple[str, int]] = (),
) -> None:
    """`options`: in place of those of the same name that hold for every listener."""
    server = Server(tuple({**dict(_OPTIONS), **dict(options)}.items()))
    by_service: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
    for name, behaviour in behaviours.items():
        method = methods[name]
        by_service.setdefault(method.service, {})[name] = chain.handler(method, behaviour)
    for service, handlers in by_service.items():
        server.add_registered_method_handlers(service, handlers)
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    served = (*by_service, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflected = reflection.aio.ReflectionServicer(served)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, server)
    for service in ("", *by_service):
        await checks.set(service, health_pb2.HealthCheckResponse.SERVING)
    await spine.barrier.connect()
    # Not before: whoever called would wait for as long as the log takes to open.
    server.add_secure_port(address, credentials)
    await server.start()
    folding = asyncio.create_task(spine.refuser.run(), name="fold refusals")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    ready()
    await stopped.wait()
    await checks.enter_graceful_shutdown()
    chain.stop_streams()
    await server.stop(config.DRAIN_SECONDS_MAX)
    await chain.drain()
    spine.threads.close()
    folding.cancel()
    await spine.refuser.flush()
    await spine.barrier.close()
    spine.metrics.write_noted()
