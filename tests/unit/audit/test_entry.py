"""The entry's fixed layout and the relations between its fields."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.audit.entry import FIXED_BYTES, TIME_OFFSET, Decision, Kind, decode, outline, time_of, with_time
from gateway.audit.errors import Malformed
from tests.unit.audit.records import make_entry, make_tag

ENTRY = make_entry(1, people=3)


def test_the_log_time_lies_at_its_fixed_offset() -> None:
    raw = with_time(ENTRY.encode(), (77).to_bytes(8, "big"))
    assert time_of(raw) == 77
    assert decode(raw) == replace(ENTRY, time_us=77)
    assert (TIME_OFFSET, FIXED_BYTES) == (2, 137)


def test_a_thousand_tags_fit_and_five_thousand_do_not() -> None:
    assert len(make_entry(1, people=1000).encode()) < 17_000
    with pytest.raises(Malformed, match="at most 65535"):
        replace(ENTRY, tags=bytes(16 * 5000)).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"call_id": b"short"},
        {"certificate": bytes(31)},
        {"token": bytes(17)},
        {"commitment": b""},
        {"tags": bytes(15)},
        {"people": -1},
        {"people": 1 << 32},
        {"reason": 1},
        {"decision": Decision.REFUSED},
        {"decision": Decision.REFUSED, "reason": 1},
        {"kind": Kind.REFUSAL},
        {"kind": Kind.REFUSAL, "decision": Decision.REFUSED},
        {"calls": 2},
        {"calls": 0},
        {"since_us": 5},
        {"kind": Kind.REFUSALS_FOLDED, "decision": Decision.REFUSED, "reason": 1, "calls": 0},
        {"agency": "x" * 256},
        {"purpose": "\ud800"},
    ],
)
def test_fields_out_of_range_or_against_each_other_are_not_encoded(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        replace(ENTRY, **change).encode()  # type: ignore[arg-type]


def test_the_outline_agrees_with_the_entry() -> None:
    found = outline(ENTRY.encode())
    assert (found.kind, found.people, found.agency, found.method) == (1, 3, ENTRY.agency, ENTRY.method)
    assert (found.call_id, found.worker_epoch, found.has_detail) == (ENTRY.call_id, 7, True)


def test_tags_are_found_only_where_they_begin() -> None:
    assert ENTRY.has_tag(make_tag(2))
    assert not ENTRY.has_tag(make_tag(1)[8:] + make_tag(2)[:8])
    assert not ENTRY.has_tag(make_tag(99))
