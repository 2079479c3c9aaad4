"""Templates of grants, as templates.toml defines them: the mask table of caller class x purpose x fields.

A template is a beginning for what an operator proposes. It gives no right and no call is decided by it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from gateway.agency.field_sets import FieldSets
from gateway.agency.grants import Grant
from gateway.agency.messages import grant_from_message
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class CallerClass:
    """Who may ask, as the law groups them. `agency_classes`: numbers of the contract's `AgencyClass`."""

    name: str
    says: str
    source: str
    agency_classes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Template:
    """One row of the mask table. `terms`: what a grant made from it asks for, not resolved."""

    name: str
    caller: CallerClass
    says: str
    agency_classes: frozenset[int]
    provinces_needed: bool
    terms: agency_pb.Grant

    def with_(self, stated: agency_pb.Grant) -> agency_pb.Grant:
        """Its terms with those that are stated in their place, a list as a whole; paths and sets are one list.

        Raises ValueError when provinces are needed and none are stated.
        """
        terms = agency_pb.Grant()
        terms.CopyFrom(self.terms)
        for field, _ in stated.ListFields():
            for name in _TOGETHER.get(field.name, (field.name,)):
                terms.ClearField(name)
        terms.MergeFrom(stated)
        if self.provinces_needed and not terms.provinces:
            raise ValueError(f"the template {self.name} is for the people of provinces: state which")
        return terms

    def resolved(self, catalogue: Catalogue, sets: FieldSets, methods: frozenset[str], now: float) -> Grant:
        """The grant that its terms come to. Raises ArgumentInvalid, FieldUnknown."""
        return grant_from_message(self.terms, 0, now, methods, catalogue, sets)


_TOGETHER = {
    name: names for names in (("fields", "field_sets"), ("verify_fields", "verify_field_sets")) for name in names
}


def shipped() -> dict[str, Template]:
    """Those that came with this release, by name. Raises ValueError, KeyError when the table is not whole."""
    return of_tables(tomllib.loads((files("gateway.agency") / "templates.toml").read_text(encoding="utf-8")))


def of_tables(read: Mapping[str, Any]) -> dict[str, Template]:
    """The templates of a table as templates.toml has it. Raises ValueError, KeyError."""
    callers = {
        name: CallerClass(name, each["says"], each["source"], _classes(each["agency_classes"]))
        for name, each in read["callers"].items()
    }
    return {name: _template(name, callers[each["caller"]], each) for name, each in read["templates"].items()}


def _template(name: str, caller: CallerClass, read: Mapping[str, Any]) -> Template:
    unknown = read.keys() - _KEYS
    if unknown:
        raise ValueError(f"the template {name} has {sorted(unknown)}, which mean nothing")
    classes = _classes(read["agency_classes"]) if "agency_classes" in read else caller.agency_classes
    if not classes <= caller.agency_classes:
        raise ValueError(f"the template {name} is for classes that are not of its caller class")
    fields, field_sets = _paths(read.get("fields", ()))
    verify_fields, verify_field_sets = _paths(read.get("verify", ()))
    terms = agency_pb.Grant(
        methods=read["methods"],
        purposes=[
            agency_pb.GrantedPurpose(purpose=code, legal_bases=bases) for code, bases in read["purposes"].items()
        ],
        fields=fields,
        field_sets=field_sets,
        verify_fields=verify_fields,
        verify_field_sets=verify_field_sets,
        predicates=read.get("predicates", ()),
        leniency=f"MATCH_LENIENCY_{read.get('leniency', 'UNSPECIFIED')}",
        own_subjects=read.get("own_subjects", False),
        guesses_per_day=read.get("guesses_per_day", 0),
    )
    return Template(name, caller, read["says"], classes, read.get("provinces_needed", False), terms)


_KEYS = frozenset(("caller", "agency_classes", "says", "purposes", "methods", "fields", "verify", "predicates")) | {
    *("leniency", "own_subjects", "guesses_per_day", "provinces_needed"),
}


def _classes(names: Iterable[str]) -> frozenset[int]:
    return frozenset(options_pb2.AgencyClass.Value(f"AGENCY_CLASS_{name}") for name in names)


def _paths(listed: Collection[str]) -> tuple[list[str], list[str]]:
    """Paths, and names of sets."""
    return [each for each in listed if each[0] != "+"], [each[1:] for each in listed if each[0] == "+"]
