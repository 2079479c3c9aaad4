"""The catalogue of fields, compiled from the contract's options: which paths exist, who owns them, what a mask means.

A *leaf* is the finest path that carries catalogue options (`name`, `social_insurance.status`). Below a leaf a
path may go one level further to coarsen the answer (`birth_date.year`). Masks and grants are sets of paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.api.v1 import options_pb2, person_pb2
from gateway.errors import ArgumentInvalid, FieldUnknown, FieldViolation
from gateway.nearest import did_you_mean

PATHS_MAX = 128
"""Paths in a mask or a grant."""
UNKNOWN_NAMED_MAX = 16
"""Unknown paths that a refusal names; it travels in the trailers, which are small."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A catalogued field: `dataset`, `owner` and `sensitivity` are the numbers of their enums."""

    path: str
    dataset: int
    owner: int
    sensitivity: int
    verifiable: bool
    parts: frozenset[str]
    """Names one level below, by which the answer can be coarsened."""
    identifier: bool = False
    """Whether two agencies could join what they hold of a person by it."""


class Catalogue:
    """The fields of `Person`. Building it fails when a field lacks its options."""

    def __init__(self, leaves: Mapping[str, Leaf], digest: bytes) -> None:
        """`digest`: SHA-256 of the contract of `Person`, 32 bytes; grants remember it."""
        self.leaves = dict(leaves)
        self.digest = digest
        self._children: dict[str, tuple[str, ...]] = {}
        for path in self.leaves:
            top = path.partition(".")[0]
            self._children[top] = (*self._children.get(top, ()), path)
        parts = (f"{leaf.path}.{part}" for leaf in self.leaves.values() for part in leaf.parts)
        self._paths = (*{**self.leaves, **self._children}, *parts)
        """Every path that `resolve` takes."""

    @classmethod
    def compile(cls) -> Catalogue:
        """The catalogue of the contract that this process was built with."""
        person: Any = person_pb2.Person.DESCRIPTOR
        leaves = {leaf.path: leaf for leaf in _leaves(person, "")}
        return cls(leaves, hashlib.sha256(person_pb2.DESCRIPTOR.serialized_pb).digest())

    def resolve(self, paths: Iterable[str], field: str = "field_mask.paths") -> frozenset[str]:
        """`paths`, at most 128, with every dataset message spelled out as its leaves.

        `field` is what a refusal calls them. Raises ArgumentInvalid when there are more, FieldUnknown.
        """
        paths = list(paths)
        if len(paths) > PATHS_MAX:
            raise ArgumentInvalid(
                violations=[FieldViolation(field, f"has {len(paths)} items, at most {PATHS_MAX} are allowed")]
            )
        resolved: set[str] = set()
        unknown: list[FieldViolation] = []
        for position, path in enumerate(paths):
            if path in self.leaves or self._coarse(path) is not None:
                resolved.add(path)
            elif path in self._children:
                resolved.update(self._children[path])
            elif len(unknown) < UNKNOWN_NAMED_MAX:
                said = f"no such field of Person{did_you_mean(path, self._paths)}"
                unknown.append(FieldViolation(f"{field}[{position}]", said))
        if unknown:
            raise FieldUnknown(violations=unknown)
        return frozenset(path for path in resolved if self.leaf_of(path) == path or self.leaf_of(path) not in resolved)

    def leaf_of(self, path: str) -> str:
        """The leaf that a resolved path belongs to."""
        return path if path in self.leaves else path.rpartition(".")[0]

    def _coarse(self, path: str) -> Leaf | None:
        parent, _, part = path.rpartition(".")
        leaf = self.leaves.get(parent)
        return leaf if leaf is not None and part in leaf.parts else None

    def trim(self, asked: frozenset[str], granted: frozenset[str]) -> tuple[frozenset[str], tuple[str, ...]]:
        """What of the resolved mask `asked` is disclosed under `granted`, and the paths withheld, sorted.

        A leaf of which only parts are granted is disclosed in those parts and named as withheld.
        """
        disclosed: set[str] = set()
        withheld: list[str] = []
        for path in asked:
            leaf = self.leaf_of(path)
            if path in granted or leaf in granted:
                disclosed.add(path)
                continue
            withheld.append(path)
            if path == leaf:
                disclosed.update(part for part in granted if part.rpartition(".")[0] == leaf)
        return frozenset(disclosed), tuple(sorted(withheld))


def _leaves(message: Descriptor, prefix: str) -> Iterable[Leaf]:
    for field in message.fields:
        options: Any = field.GetOptions()
        if not options.HasExtension(options_pb2.catalogue):
            raise RuntimeError(f"the contract's field {field.full_name} has no catalogue options")
        entry = options.Extensions[options_pb2.catalogue]
        if not (entry.dataset and entry.owner and entry.sensitivity):
            raise RuntimeError(f"the contract's field {field.full_name} names no dataset, owner or sensitivity")
        below = field.message_type
        if below is not None and not field.is_repeated and _catalogued(below):
            yield from _leaves(below, f"{prefix}{field.name}.")
            continue
        yield Leaf(
            path=prefix + field.name,
            dataset=entry.dataset,
            owner=entry.owner,
            sensitivity=entry.sensitivity,
            verifiable=entry.verifiable,
            parts=_parts(field),
            identifier=entry.identifier,
        )


def _parts(field: FieldDescriptor) -> frozenset[str]:
    if field.message_type is None or field.is_repeated:
        return frozenset()
    return frozenset(part.name for part in field.message_type.fields)


def _catalogued(message: Descriptor) -> bool:
    options: Any = [field.GetOptions() for field in message.fields]
    return any(option.HasExtension(options_pb2.catalogue) for option in options)
