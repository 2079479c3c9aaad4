"""Ten agencies, one of them flooding: the times of the nine others alone and beside the flood, in turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import quantiles

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.grants import Grant
from gateway.agency.store import AgencyStore
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.config import Settings
from gateway.start import trust_of
from tests.bench.processes import Gateway, Program
from tests.bench.rows import Results
from tests.bench.stage import LEGAL_BASIS, PURPOSE, await_fragments
from tests.world import BASIC

FLOODER, OTHERS = "flooder", tuple(f"calm-{at}" for at in range(1, 10))
STREAMS = 64
CALLS = 10_000
"""Of the nine together, alone and beside the flood."""
RATE = 300.0
"""Look-ups a second of the nine together: seven times what the real registry's published volume is on average."""
FLOOD_NICE = 5
"""The flooder's own work, which a real agency does on its own machine, gives way to what is measured."""
WARM_SECONDS = 2.0
SERVED = "gateway_people_served_total"


def enrol(settings: Settings) -> None:
    """Register the ten beside those who are there already."""
    now = time.time()
    store = AgencyStore.open(settings.state / "gateway.db")
    catalogue = Catalogue.compile()
    for code in (FLOODER, *OTHERS):
        store.register_agency(code, code, options_pb2.AGENCY_CLASS_HEALTH, int(now))
        store.create_grant(
            code,
            Grant(
                grant_id=store.reserve_grant_id(),
                methods=frozenset({"LookUpPerson", "StreamLookUpPersons"}),
                purposes={PURPOSE: frozenset({LEGAL_BASIS})},
                fields=catalogue.resolve(BASIC),
                provinces=frozenset(),
                from_time=int(now),
                until_time=int(now) + 86_400,
                contract_digest=catalogue.digest,
            ),
        )
        enrol_locally(settings.state, code, "", settings.state / "agencies" / code, now, trust_of(settings))
    store.close()


def measure(settings: Settings, numbers: Sequence[str], results: Results, runs: int) -> None:
    """All rows of fairness. `numbers`: at least 2,000 people."""
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    floods: list[float] = []
    share = -(-CALLS // runs)
    with ExitStack() as stack:
        gateway = stack.enter_context(Gateway(settings))
        await_fragments(settings)
        calm, flooder = (stack.enter_context(Program("tests.bench.crowd", {"numbers": numbers})) for _ in range(2))
        for program, codes in ((calm, OTHERS), (flooder, (FLOODER,))):
            folders = [str(settings.state / "agencies" / code) for code in codes]
            server = f"{settings.host}:{settings.port}"
            program.ask({"do": "open", "server": server, "identities": folders, "pids": gateway.workers})
        calm.ask({"do": "paced", "calls": 300, "rate": RATE, "seed": 0})
        for turn in range(runs):
            order = {"do": "paced", "calls": share, "rate": RATE, "seed": turn + 1}
            alone.append(calm.ask(order)["took"])
            before = gateway.counted(SERVED, "StreamLookUpPersons")
            lasting = 2 * WARM_SECONDS + share / RATE
            flooder.send({"do": "flood", "streams": STREAMS, "seconds": lasting, "nice": 0 if turn else FLOOD_NICE})
            time.sleep(WARM_SECONDS)
            beside.append(calm.ask(order)["took"])
            flood = flooder.reply()
            served = gateway.counted(SERVED, "StreamLookUpPersons") - before
            if served < flood["people"]:
                raise RuntimeError(f"{flood['people']} people were received and {served} counted as served")
            floods.append(flood["people"] / flood["seconds"])
    p99 = [[_p99(took) for took in each] for each in (alone, beside)]
    pooled = [_p99([seconds for took in each for seconds in took]) for each in (alone, beside)]
    note = f"all runs together: {pooled[0]:.3g} and {pooled[1]:.3g} ms over {share * runs:,} calls each"
    results.add("fair_p99_alone", p99[0])
    results.add("fair_p99_beside", p99[1])
    results.add("fair_p99_ratio", [b / a for a, b in zip(*p99, strict=True)], note=note)
    results.add("fair_flood_people", floods)


def _p99(took: Sequence[float]) -> float:
    return quantiles(took, n=100)[98] * 1000
