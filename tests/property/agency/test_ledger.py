"""The register of acts: what is replayed is what was decided, and whatever was done to it is found out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.agency.acts import Act, ActKind, Actor, ActsAltered
from gateway.agency.grants import Grant
from gateway.agency.ledger import Ledger, ProposalState
from gateway.agency.store import AgencyStore
from gateway.agency.terms import terms_of
from gateway.errors import ApproverNotOther, GatewayError

AGENCIES = ["a", "b", "operator"]
OPERATORS = ["operator", "operator-second"]
NUMBERS = st.integers(1, 6)
GRANT = Grant(
    grant_id=1,
    methods=frozenset({"LookUpPerson"}),
    purposes={"health": frozenset({"law:1"})},
    fields=frozenset({"name"}),
    provinces=frozenset(),
    from_time=0,
    until_time=100,
    contract_digest=bytes(32),
)


def grant(number: int, narrows: int, fields: frozenset[str]) -> dict[str, Any]:
    return terms_of(replace(GRANT, grant_id=number, narrows=narrows, unit="01" if narrows else "", fields=fields))


terms = st.builds(
    grant, NUMBERS, st.sampled_from([0, 0, 1, 2]), st.frozensets(st.sampled_from(["name", "sex"]), min_size=1)
)
codes = st.sampled_from(AGENCIES)
targets = st.one_of(
    st.tuples(st.just("agency"), codes),
    st.tuples(st.just("unit"), codes.map(lambda code: f"{code}/01")),
    st.tuples(st.just("kid"), st.just("key-1")),
)
bodies = st.one_of(
    st.tuples(
        st.just(ActKind.AGENCY),
        st.fixed_dictionaries(
            {"code": codes, "name": st.just("N"), "agency_class": st.integers(1, 21), "pairwise": st.booleans()}
        ),
    ),
    st.tuples(st.just(ActKind.UNITS), st.fixed_dictionaries({"agency": codes, "units": st.just([["01", "U"]])})),
    st.tuples(st.just(ActKind.FOUNDING), st.fixed_dictionaries({"agency": codes, "terms": terms})),
    st.tuples(
        st.just(ActKind.PROPOSAL),
        st.fixed_dictionaries(
            {"proposal": NUMBERS, "agency": codes, "changes": st.sampled_from([0, 0, 1, 2]), "terms": terms}
        ),
    ),
    st.tuples(st.just(ActKind.APPROVAL), st.fixed_dictionaries({"proposal": NUMBERS})),
    st.tuples(st.just(ActKind.REJECTION), st.fixed_dictionaries({"proposal": NUMBERS})),
    st.tuples(st.just(ActKind.END), st.fixed_dictionaries({"grant": NUMBERS})),
    st.tuples(
        st.sampled_from([ActKind.REVOCATION, ActKind.LIFTING]),
        targets.map(lambda target: {"target": target[0], "value": target[1]}),
    ),
    st.tuples(st.just(ActKind.ROWS), st.just({"table": "signing_key", "digest": "00"})),
)
acts = st.builds(
    lambda said, at, operator: Act(said[0], said[1], at, Actor(agency=operator)),
    bodies,
    st.integers(0, 90),
    st.sampled_from(OPERATORS),
)
# A beginning under which most of what follows makes sense.
FOUNDED = [
    Act(ActKind.AGENCY, {"code": code, "name": code, "agency_class": 4, "pairwise": False}, 0) for code in ("a", "b")
] + [Act(ActKind.UNITS, {"agency": "a", "units": [["01", "U"]]}, 0)]
sequences = st.lists(acts, max_size=25).map(lambda more: [*FOUNDED, *more])


def taken(ledger: Ledger, sequence: list[Act]) -> list[Act]:
    """The acts that the ledger took; each of the others left it as it was."""
    found = []
    for act in sequence:
        before = deepcopy(ledger)
        try:
            ledger.apply(act)
            found.append(act)
        except GatewayError:
            assert ledger == before
    return found


@settings(max_examples=30, deadline=None)
@given(sequences)
def test_what_was_taken_replays_to_the_same_and_two_operators_gave_every_grant(sequence: list[Act]) -> None:
    ledger, again = Ledger(), Ledger()
    kept = taken(ledger, sequence)
    for act in kept:
        again.require(act)
        again.apply(Act.from_text(act.to_text()))
    assert again == ledger
    assert again.view() == ledger.view()
    assert ledger.number == len(kept)
    for number, proposal_number in ledger.origins.items():
        proposal = ledger.proposals[proposal_number]
        assert proposal.state is ProposalState.APPROVED
        assert proposal.decided_by is not None
        assert proposal.decided_by.agency != proposal.proposed_by.agency
        assert ledger.owners[number] == proposal.agency


@settings(max_examples=30, deadline=None)
@given(sequences)
def test_a_view_holds_nobody_who_is_revoked_and_no_narrowing_without_its_grant(sequence: list[Act]) -> None:
    ledger = Ledger()
    taken(ledger, sequence)
    view = ledger.view()
    gone = {value for target, value in ledger.revocations if target == "agency"}
    assert view.agencies.keys() == ledger.agencies.keys() - gone
    for agency in ledger.agencies.values():
        own = {each.grant_id for each in agency.grants}
        assert all(each.narrows in own and each.unit in agency.units for each in agency.narrowings)


def test_the_proposer_alone_gives_nothing() -> None:
    ledger = Ledger()
    body = {"proposal": 1, "agency": "a", "changes": 0, "terms": grant(1, 0, frozenset({"name"}))}
    taken(ledger, [*FOUNDED, Act(ActKind.PROPOSAL, body, 1, Actor(agency="operator"))])
    with pytest.raises(ApproverNotOther):
        ledger.apply(Act(ActKind.APPROVAL, {"proposal": 1}, 2, Actor(agency="operator")))
    ledger.apply(Act(ActKind.APPROVAL, {"proposal": 1}, 2, Actor(agency="operator-second")))
    assert ledger.owners == {1: "a"}


TAMPERINGS = st.sampled_from(["text", "seal", "swap", "drop", "repeat", "renumber", "insert"])


@settings(max_examples=12, deadline=None)
@given(sequences, TAMPERINGS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_whatever_was_done_to_the_rows_is_found_out(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[Act], tampering: str, first: int, second: int
) -> None:
    path = tmp_path_factory.mktemp("register") / "gateway.db"
    ledger = Ledger()
    with closing(AgencyStore.create(path)) as store:
        for act in taken(ledger, [act for act in sequence if act.kind is not ActKind.ROWS]):
            store.register.append(act)
        with store.register.ledger() as read:
            assert read == ledger
    with closing(AgencyStore.open(path)) as store, store.register.ledger() as read:
        assert read == ledger
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        rows = connection.execute("SELECT number, record, seal FROM act ORDER BY number").fetchall()
        altered = tampered(rows, tampering, first, second)
        assume(altered != rows)
        connection.execute("DELETE FROM act")
        connection.executemany("INSERT INTO act VALUES (?, ?, ?)", altered)
    with closing(AgencyStore.open(path)) as store, pytest.raises(ActsAltered):
        store.load_view()


Row = tuple[int, str, bytes]


def tampered(rows: list[Row], tampering: str, first: int, second: int) -> list[Row]:
    """The rows with something done to them, but not the newest ones cut off, which the access log tells."""
    at, other = first % len(rows), second % len(rows)
    number, text, seal = rows[at]
    if tampering == "text":
        place = second % len(text)
        altered = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        return [*rows[:at], (number, altered, seal), *rows[at + 1 :]]
    if tampering == "seal":
        place = second % len(seal)
        altered_seal = bytes(byte ^ (index == place) for index, byte in enumerate(seal))
        return [*rows[:at], (number, text, altered_seal), *rows[at + 1 :]]
    if tampering == "swap":
        contents = [row[1:] for row in rows]
        contents[at], contents[other] = contents[other], contents[at]
        return [(place, *content) for place, content in enumerate(contents, 1)]
    if tampering == "drop":
        at = first % (len(rows) - 1)
        return [(place, *row[1:]) for place, row in enumerate([*rows[:at], *rows[at + 1 :]], 1)]
    if tampering == "repeat":
        return [*rows, (len(rows) + 1, text, seal)]
    if tampering == "renumber":
        return [row if index < at else (row[0] + 1, *row[1:]) for index, row in enumerate(rows)]
    forged = Act(ActKind.LIFTING, {"target": "agency", "value": "a"}, 1).to_text()
    return [*rows, (len(rows) + 1, forged, seal)]
