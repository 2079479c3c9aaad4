"""A mask under a right, compiled."""

from __future__ import annotations

import pytest

from gateway.agency.grants import Right
from gateway.catalogue import Catalogue
from gateway.errors import ArgumentInvalid, FieldNotGranted, FieldUnknown, MaskEmpty
from gateway.lookup.disclosure import MASKS_REMEMBERED_MAX, PREFIX, SCOPE, Disclosures, only_scope

CATALOGUE = Catalogue.compile()
BASIC = Right(1, frozenset({"name", "number", "birth_date.year"}), frozenset())
SOUTH = Right(2, frozenset({"name"}), frozenset({"79"}))


def _row(scope: str) -> tuple[object, ...]:
    row: list[object] = [None] * len(PREFIX)
    row[SCOPE] = scope
    return tuple(row)


def test_what_is_not_granted_is_withheld_in_the_order_of_the_paths() -> None:
    disclosure = Disclosures(CATALOGUE).of(BASIC, ["religion", "name", "contact"])
    assert disclosure.paths == ("name",)
    assert [each.path for each in disclosure.withheld] == ["contact", "religion"]


def test_the_order_of_a_mask_does_not_matter() -> None:
    disclosures = Disclosures(CATALOGUE)
    assert disclosures.of(BASIC, ["name", "number"]).paths == disclosures.of(BASIC, ["number", "name", "name"]).paths


def test_only_columns_of_what_is_disclosed_are_read() -> None:
    disclosure = Disclosures(CATALOGUE).of(BASIC, ["name", "religion"])
    assert disclosure.columns == (*PREFIX[2:], "surname", "middle_name", "given_name")
    assert disclosure.related == frozenset()


def test_a_dataset_stands_for_all_its_leaves() -> None:
    right = Right(1, frozenset(CATALOGUE.leaves), frozenset())
    disclosure = Disclosures(CATALOGUE).of(right, ["social_insurance"])
    assert disclosure.paths == tuple(sorted(path for path in CATALOGUE.leaves if path.startswith("social_insurance.")))
    assert disclosure.related == {"social_insurance"}


def test_a_mask_that_is_wrong_is_refused() -> None:
    disclosures = Disclosures(CATALOGUE)
    with pytest.raises(MaskEmpty):
        disclosures.of(BASIC, [])
    with pytest.raises(FieldUnknown):
        disclosures.of(BASIC, ["name", "x"])
    with pytest.raises(FieldNotGranted) as refused:
        disclosures.of(BASIC, ["contact", "religion"])
    assert refused.value.metadata == {"fields": "contact,religion"}
    with pytest.raises(ArgumentInvalid):
        disclosures.of(BASIC, ["name"] * 129)


def test_a_compiled_mask_is_remembered_for_its_right_alone() -> None:
    disclosures = Disclosures(CATALOGUE)
    known = disclosures.of(BASIC, ["name"])
    assert disclosures.of(BASIC, ["name"]) is known
    assert disclosures.of(SOUTH, ["name"]) is not known


def test_masks_that_callers_invent_are_forgotten_again() -> None:
    disclosures = Disclosures(CATALOGUE)
    first = disclosures.of(BASIC, ["name"])
    for count in range(2, 129):
        for path in ("name", "number"):
            disclosures.of(BASIC, [path] * count)
    for grant_id in range(MASKS_REMEMBERED_MAX):
        disclosures.of(Right(grant_id, BASIC.fields, frozenset()), ["name"])
    assert len(disclosures._known) <= MASKS_REMEMBERED_MAX
    assert disclosures.of(BASIC, ["name"]).paths == first.paths


def test_a_scope_bounds_who_is_seen() -> None:
    disclosure = Disclosures(CATALOGUE).of(SOUTH, ["name"])
    assert disclosure.in_scope(_row("79"))
    assert not disclosure.in_scope(_row("01"))
    assert Disclosures(CATALOGUE).of(BASIC, ["name"]).in_scope(_row("01"))


def test_only_scope_discloses_nothing() -> None:
    scope = only_scope(frozenset({"79"}))
    assert (scope.paths, scope.fills, scope.columns) == ((), (), PREFIX[2:])
    assert not scope.in_scope(_row("01"))
