"""The mask table is whole, names only what the contract has, and keeps the law's distinctions."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.agency.field_sets import FieldSets
from gateway.agency.guesses import is_state
from gateway.agency.templates import Template, of_tables, shipped
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.chain.methods import compile_methods
from gateway.errors import ArgumentInvalid, FieldUnknown
from gateway.usage.tariff import Tariff
from tests.tidy.sources import ROOT

NOW = 1_790_000_000
CATALOGUE = Catalogue.compile()
SETS = FieldSets.load(CATALOGUE)
METHODS = frozenset(compile_methods())
CALLERS = {"some": {"says": "Some", "source": "a law", "agency_classes": ["HEALTH", "CARRIER"]}}
ROW = {"caller": "some", "says": "x", "purposes": {"a.b": ["law"]}, "methods": ["LookUpPerson"], "fields": ["name"]}


def one(**changed: Any) -> Template:
    return of_tables({"callers": CALLERS, "templates": {"one": ROW | changed}})["one"]


def classes(*names: str) -> set[int]:
    return {options_pb2.AgencyClass.Value(f"AGENCY_CLASS_{name}") for name in names}


@pytest.mark.parametrize("name", shipped())
def test_a_template_resolves_to_a_grant_of_the_contract(name: str) -> None:
    template = shipped()[name]
    grant = template.resolved(CATALOGUE, SETS, METHODS, NOW)
    assert grant.methods
    assert all(grant.purposes.values())
    assert grant.fields or grant.verify_fields
    assert grant.contract_digest == CATALOGUE.digest
    assert template.says
    assert template.caller.source
    looking, verifying = any("Look" in each for each in grant.methods), any("Verify" in each for each in grant.methods)
    assert (bool(grant.fields), bool(grant.verify_fields)) == (looking, verifying)


def test_the_table_has_every_caller_class_of_the_law() -> None:
    assert {template.caller.name for template in shipped().values()} == {"state", "service", "agreed", "citizen"}


def test_state_bodies_are_those_that_pay_nothing_and_are_not_held_by_the_shared_guess_budget() -> None:
    tariff = Tariff.shipped()
    for template in shipped().values():
        for number in template.agency_classes:
            free = tariff.price(options_pb2.AgencyClass.Name(number).removeprefix("AGENCY_CLASS_")) == 0
            assert free == is_state(number) == (template.caller.name in ("state", "citizen"))


def test_who_is_no_state_body_searches_for_nobody_and_sees_nothing_sensitive() -> None:
    for template in shipped().values():
        if template.caller.name in ("service", "agreed"):
            grant = template.resolved(CATALOGUE, SETS, METHODS, NOW)
            assert grant.methods.isdisjoint(("SearchPersons", "LookUpRelatives", "LookUpHousehold", "ResolveNumber"))
            seen = [CATALOGUE.leaves[CATALOGUE.leaf_of(path)] for path in grant.fields | grant.verify_fields]
            assert all(leaf.sensitivity < options_pb2.SENSITIVITY_SENSITIVE for leaf in seen)
            assert grant.own_subjects or not grant.fields


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"fields": ["shoe_size"]}, FieldUnknown),
        ({"fields": ["+shoes"]}, ArgumentInvalid),
        ({"verify": ["blood_group"]}, ArgumentInvalid),
        ({"methods": ["LookAround"]}, ArgumentInvalid),
        ({"purposes": {"a.b": []}}, ArgumentInvalid),
        ({"predicates": ["rich"]}, ArgumentInvalid),
        ({"leniency": "GENEROUS"}, ValueError),
        ({"agency_classes": ["POLICE"]}, ValueError),
        ({"agency_classes": ["CLOWNS"]}, ValueError),
        ({"feilds": []}, ValueError),
        ({"caller": "nobody"}, KeyError),
    ],
)
def test_a_table_that_names_what_there_is_not_is_found_out(changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        one(**changed).resolved(CATALOGUE, SETS, METHODS, NOW)


def test_what_is_stated_stands_in_place_of_the_template() -> None:
    template = one(fields=["+basic_six"], verify=["number"], leniency="LENIENT", own_subjects=True)
    terms = template.with_(agency_pb.Grant(fields=["name"], provinces=["79"], verify_field_sets=["basic_six"]))
    assert (list(terms.fields), list(terms.field_sets)) == (["name"], [])
    assert (list(terms.verify_fields), list(terms.verify_field_sets)) == ([], ["basic_six"])
    assert list(terms.provinces) == ["79"]
    assert (terms.leniency, terms.own_subjects) == (agency_pb.MATCH_LENIENCY_LENIENT, True)
    assert list(terms.methods) == ["LookUpPerson"]
    assert template.terms == one(fields=["+basic_six"], verify=["number"], leniency="LENIENT", own_subjects=True).terms


def test_a_template_for_provinces_asks_which() -> None:
    with pytest.raises(ValueError, match="state which"):
        one(provinces_needed=True).with_(agency_pb.Grant())
    assert list(one(provinces_needed=True).with_(agency_pb.Grant(provinces=["01"])).provinces) == ["01"]


def test_the_documented_table_is_the_shipped_one() -> None:
    documented = (ROOT / "docs/mask-table.md").read_text(encoding="utf-8")
    for name, template in shipped().items():
        purposes = ", ".join(f"`{each.purpose}`" for each in template.terms.purposes)
        seen = [f"+{each}" for each in template.terms.field_sets] + list(template.terms.fields)
        compared = [f"+{each}" for each in template.terms.verify_field_sets] + list(template.terms.verify_fields)
        compared += template.terms.predicates
        row = f"| `{name}` | {purposes} | {', '.join(seen) or '-'} | {', '.join(compared) or '-'} |"
        assert row in documented, row
