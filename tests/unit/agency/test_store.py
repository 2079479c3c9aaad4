"""gateway.db: what is kept, what moves the policy's version, and codes that work once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from gateway.agency.ledger import Target
from gateway.agency.store import AgencyStore, Place
from gateway.errors import EnrolmentRefused, RecordExists, RecordUnknown
from tests.unit.agency.world import NOW, make_grant, principal

CODE = "ABCDE-FGHIJ-KLMNO-PQRST"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


def redeemed(store: AgencyStore, code: str = CODE, now: int = NOW) -> Place | None:
    try:
        return store.redeem_code(code, now)
    except EnrolmentRefused:
        return None


def test_a_new_database_is_private_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    AgencyStore.create(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    opened = AgencyStore.open(path)
    assert opened.policy_version() == 0
    opened.close()


def test_a_database_is_never_overwritten(tmp_path: Path, store: AgencyStore) -> None:
    with pytest.raises(FileExistsError):
        AgencyStore.create(tmp_path / "gateway.db")
    assert "bhxh" in store.load_view().agencies


def test_a_missing_database_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        AgencyStore.open(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_database_of_another_release_is_refused(tmp_path: Path, store: AgencyStore) -> None:
    with sqlite3.connect(tmp_path / "gateway.db") as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(ValueError, match="schema 99"):
        AgencyStore.open(tmp_path / "gateway.db")


def test_a_grant_is_read_as_it_was_given(store: AgencyStore) -> None:
    first = make_grant(store.reserve_grant_id(), provinces=["01", "79"], purposes={"a.b": ["x", "y"], "c": ["z"]})
    second = make_grant(store.reserve_grant_id(), fields=[])
    store.create_grant("bhxh", first)
    store.create_grant("bhxh", second)
    view = store.load_view()
    assert view.agencies["bhxh"].grants == (second, first)
    assert (view.agencies["bhxh"].name, view.agencies["bhxh"].agency_class) == ("Social insurance", 3)


def test_an_agency_sees_numbers_unless_it_was_registered_to_see_tokens_of_people(store: AgencyStore) -> None:
    store.register_agency("shop", "A shop", 7, NOW, pairwise=True)
    agencies = store.load_view().agencies
    assert (agencies["bhxh"].pairwise, agencies["shop"].pairwise) == (False, True)
    assert [record.pairwise for record in store.list_agencies(NOW)] == [False, True]


def test_a_code_of_an_agency_is_taken_once(store: AgencyStore) -> None:
    with pytest.raises(RecordExists):
        store.register_agency("bhxh", "Another", 4, NOW)
    store.revoke(Target.AGENCY, "bhxh", NOW)
    with pytest.raises(RecordExists):
        store.register_agency("bhxh", "Another", 4, NOW)


def test_what_names_an_unknown_agency_is_refused(store: AgencyStore) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: store.create_grant("none", make_grant()),
        lambda: store.create_code(CODE, "none", "", NOW + 1),
        lambda: store.record_credential(principal("none"), NOW),
        lambda: store.revoke(Target.AGENCY, "none", NOW),
        lambda: store.require_agency("none"),
        lambda: store.require_credential(bytes(32)),
    ]
    version = store.policy_version()
    for attempt in attempts:
        with pytest.raises(RecordUnknown):
            attempt()
    assert store.policy_version() == version


def test_what_decides_calls_moves_the_version_and_nothing_else_does(store: AgencyStore) -> None:
    credential = principal()
    decisive: list[Callable[[], object]] = [
        lambda: store.register_agency("health", "Health", 4, NOW),
        lambda: store.create_grant("bhxh", make_grant(9)),
        lambda: store.revoke(Target.THUMBPRINT, credential.thumbprint.hex(), NOW),
        lambda: store.revoke(Target.TOKEN, bytes(16).hex(), NOW),
        lambda: store.revoke(Target.AGENCY, "health", NOW),
    ]
    indifferent: list[Callable[[], object]] = [
        store.reserve_grant_id,
        lambda: store.create_code(CODE, "bhxh", "", NOW + 1),
        lambda: store.redeem_code(CODE, NOW),
        lambda: store.record_credential(credential, NOW),
        lambda: store.list_agencies(NOW),
    ]
    for changes, step in ((indifferent, 0), (decisive, 1)):
        for change in changes:
            before = store.policy_version()
            change()
            assert store.policy_version() == before + step


def test_revocations_are_in_the_view_and_may_be_repeated(store: AgencyStore) -> None:
    credential = principal()
    store.record_credential(credential, NOW)
    for _ in range(2):
        store.revoke(Target.THUMBPRINT, credential.thumbprint.hex(), NOW)
        store.revoke(Target.TOKEN, bytes(16).hex(), NOW)
        store.revoke(Target.AGENCY, "bhxh", NOW)
    view = store.load_view()
    assert view.revoked_thumbprints == {credential.thumbprint}
    assert view.revoked_tokens == {bytes(16)}
    assert "bhxh" not in view.agencies


def test_the_list_holds_agencies_by_code_with_unexpired_credentials_newest_first(store: AgencyStore) -> None:
    store.register_agency("agency-a", "A", 6, NOW)
    lapsed = principal(now=NOW - 100_000)
    older, newer = principal(system="one"), principal(system="two", lifetime=7200)
    store.record_credential(lapsed, NOW - 100_000)
    store.record_credential(older, NOW - 10)
    store.record_credential(newer, NOW)
    store.revoke(Target.THUMBPRINT, older.thumbprint.hex(), NOW)
    store.revoke(Target.AGENCY, "agency-a", NOW)
    first, second = store.list_agencies(NOW)
    assert (first.code, first.revoked, second.code, second.revoked) == ("agency-a", True, "bhxh", False)
    assert [(c.system, c.issued_at, c.expires_at, c.revoked) for c in second.credentials] == [
        ("two", NOW, NOW + 7200, False),
        ("one", NOW - 10, NOW + 86400, True),
    ]


def test_a_code_is_redeemed_once_with_or_without_hyphens(store: AgencyStore) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    assert redeemed(store, CODE.replace("-", "")) == ("bhxh", "", "hq")
    assert redeemed(store) is None


def test_unknown_used_expired_and_revoked_codes_get_the_same_refusal(store: AgencyStore) -> None:
    store.register_agency("health", "Health", 4, NOW)
    for code, agency, expires in (
        ("USED", "bhxh", NOW + 10),
        ("EXPIRED", "bhxh", NOW),
        ("REVOKED", "health", NOW + 10),
    ):
        store.create_code(code, agency, "", expires)
    store.redeem_code("USED", NOW)
    store.revoke(Target.AGENCY, "health", NOW)
    refusals = []
    for code in ("UNKNOWN", "USED", "EXPIRED", "REVOKED"):
        with pytest.raises(EnrolmentRefused) as caught:
            store.redeem_code(code, NOW)
        refusals.append((str(caught.value), caught.value.metadata))
    assert refusals == [(EnrolmentRefused.sentence, {})] * 4


def test_no_code_is_made_for_a_revoked_agency(store: AgencyStore) -> None:
    store.revoke(Target.AGENCY, "bhxh", NOW)
    with pytest.raises(RecordUnknown):
        store.create_code(CODE, "bhxh", "", NOW + 10)


def test_the_database_does_not_hold_the_code(tmp_path: Path, store: AgencyStore) -> None:
    store.create_code(CODE, "bhxh", "", NOW + 10)
    store.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"bhxh" in written
    assert CODE.encode() not in written
    assert CODE.replace("-", "").encode() not in written


def test_of_concurrent_callers_one_redeems_a_code(tmp_path: Path, store: AgencyStore) -> None:
    callers = 8
    other_process = AgencyStore.open(tmp_path / "gateway.db")
    for turn in range(5):
        code = f"CODE-{turn}"
        store.create_code(code, "bhxh", "hq", NOW + 10)
        together = Barrier(callers)

        def call(number: int, code: str = code, together: Barrier = together) -> Place | None:
            together.wait()
            return redeemed(store if number % 2 else other_process, code)

        with ThreadPoolExecutor(callers) as threads:
            answers = list(threads.map(call, range(callers)))
        assert sorted(answers, key=str) == [None] * (callers - 1) + [Place("bhxh", "", "hq")]
    other_process.close()


def test_concurrent_writers_lose_no_version_and_no_number(store: AgencyStore) -> None:
    before = store.policy_version()
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: store.reserve_grant_id(), range(16)))
        list(threads.map(lambda n: store.register_agency(f"agency-{n}", "x", 6, NOW), range(16)))
    assert sorted(numbers) == list(range(1, 17))
    assert store.policy_version() == before + 16
