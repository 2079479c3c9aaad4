"""Named sets of fields, as field_sets.toml defines them, and what they hold in the present contract."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.nearest import did_you_mean


class FieldSets:
    """The sets by name. Building it fails when a set names what the contract does not have."""

    def __init__(self, catalogue: Catalogue, defined: Mapping[str, Mapping[str, Any]]) -> None:
        """`defined`: as field_sets.toml holds them."""
        self._catalogue = catalogue
        self.descriptions = {name: str(each["says"]) for name, each in defined.items()}
        self._paths = {name: _paths(catalogue, each) for name, each in defined.items()}

    @classmethod
    def load(cls, catalogue: Catalogue) -> FieldSets:
        """Those that came with this release."""
        text = (files("gateway.agency") / "field_sets.toml").read_text(encoding="utf-8")
        return cls(catalogue, tomllib.loads(text))

    def resolve(self, names: Iterable[str], field: str, *, verified: bool = False) -> frozenset[str]:
        """The paths of all the sets, or what of them may be verified. Raises ArgumentInvalid naming `field`."""
        found: set[str] = set()
        for position, name in enumerate(names):
            if name not in self._paths:
                said = f"is not a set of fields{did_you_mean(name, self._paths)}"
                raise ArgumentInvalid(violations=[FieldViolation(f"{field}[{position}]", said)])
            found |= self._paths[name]
        if verified:
            leaves = self._catalogue.leaves
            found = {path for path in found if leaves[self._catalogue.leaf_of(path)].verifiable}
        return frozenset(found)

    def known(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that this release has."""
        return frozenset(names) & self._paths.keys()


def _paths(catalogue: Catalogue, defined: Mapping[str, Any]) -> frozenset[str]:
    if "paths" in defined:
        return catalogue.resolve(defined["paths"])
    dataset = options_pb2.Dataset.Value(f"DATASET_{defined['dataset']}")
    sensitivity_max = options_pb2.Sensitivity.Value(f"SENSITIVITY_{defined['sensitivity_max']}")
    return frozenset(
        leaf.path
        for leaf in catalogue.leaves.values()
        if leaf.dataset == dataset and leaf.sensitivity <= sensitivity_max
    )
