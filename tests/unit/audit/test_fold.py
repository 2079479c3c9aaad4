"""Refusals by the thousand become one entry, and none is lost."""

from __future__ import annotations

from gateway.audit.fold import KEYS_MAX, WINDOW_US, FoldedRefusals, RefusalFold, RefusalKey

KEY = RefusalKey("tax", "LookUpPerson", "TAX_ASSESSMENT", 12)


def test_the_first_twenty_of_a_window_are_recorded_singly_and_the_rest_counted() -> None:
    fold = RefusalFold()
    singly = sum(fold.record_singly(KEY, 100 + number) for number in range(1020))
    assert singly == 20
    assert fold.due(100 + WINDOW_US - 1) == []
    assert fold.due(100 + WINDOW_US) == [FoldedRefusals(KEY, 1000, 100)]
    assert fold.due(100 + 2 * WINDOW_US) == []


def test_a_new_window_starts_with_the_next_refusal() -> None:
    fold = RefusalFold()
    for _ in range(30):
        fold.record_singly(KEY, 100)
    fold.due(100 + WINDOW_US)
    assert fold.record_singly(KEY, 200 + WINDOW_US)
    assert fold.flush() == []


def test_agencies_methods_purposes_and_reasons_are_counted_apart() -> None:
    fold = RefusalFold()
    keys = [KEY, RefusalKey("health", KEY.method, KEY.purpose, 12), RefusalKey("tax", KEY.method, KEY.purpose, 13)]
    for key in keys:
        for _ in range(25):
            fold.record_singly(key, 100)
    assert sorted((item.key.agency, item.key.reason, item.calls) for item in fold.flush()) == [
        ("health", 12, 5),
        ("tax", 12, 5),
        ("tax", 13, 5),
    ]


def test_invented_purposes_share_one_count_when_there_are_too_many() -> None:
    fold = RefusalFold()
    refusals = KEYS_MAX + 1000
    singly = sum(
        fold.record_singly(RefusalKey("tax", "LookUpPerson", f"purpose {number}", 12), 100)
        for number in range(refusals)
    )
    folded = fold.flush()
    assert singly + sum(item.calls for item in folded) == refusals
    assert [item.key.purpose for item in folded] == [""]


def test_what_the_log_did_not_take_is_due_again() -> None:
    fold = RefusalFold()
    for _ in range(30):
        fold.record_singly(KEY, 100)
    (folded,) = fold.due(100 + WINDOW_US)
    fold.put_back(folded)
    assert fold.record_singly(KEY, 200 + WINDOW_US)
    assert fold.due(300 + WINDOW_US) == [FoldedRefusals(KEY, 10, 100)]
