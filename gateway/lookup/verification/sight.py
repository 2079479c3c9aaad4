"""Verification at first sight: claims written as they are registered are a MATCH under every rule.

Most claims are. They are compared with what stands beside the stored fragment of a person, which takes a third of the
time of reading and comparing the person's row; whoever is not all right at first sight is looked at in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import eq, mul

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.lookup.disclosure import Disclosure, only_scope
from gateway.lookup.fragments import SEPARATOR, STATED, UNSTATED
from gateway.lookup.verification.comparators import values_of
from registry.pack import Ready

_NOTHING = (UNSTATED,) * len(STATED)
_SEXES = {word: str(number) for word, number in values_of(person_pb2.Sex.DESCRIPTOR).items()}


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Claims of `paths`, some of `STATED` in its order. `disclosure` reads what is registered."""

    disclosure: Disclosure
    paths: tuple[str, ...]

    @classmethod
    def of(cls, right: Right, paths: Sequence[str]) -> Sight | None:
        """For claims of `paths`, all granted; None when some of them cannot be seen at first sight."""
        if not paths or not set(paths) <= set(STATED):
            return None
        disclosure = only_scope(right.provinces, right.owner, stated=True)
        return cls(disclosure, tuple(path for path in STATED if path in paths))

    def matched(self, claims: Mapping[str, Sequence[str]], ready: Ready) -> list[int]:
        """Who each person is of whom all that is claimed is a MATCH; 0 says nothing.

        `claims`: a column for each of `paths`, with a value for each person.
        """
        columns = [claims[path] for path in self.paths]
        if "sex" in self.paths:
            columns[-1] = [_SEXES.get(value, "") for value in columns[-1]]
        person_ids, registered = ready
        if len(self.paths) < len(STATED):
            at = [STATED.index(path) for path in self.paths]
            parts = [each.split(SEPARATOR) if each else _NOTHING for each in registered]
            registered = [SEPARATOR.join([each[place] for place in at]) for each in parts]
        separator = SEPARATOR.decode()
        stated = [separator.join(each).encode() for each in zip(*columns, strict=True)]
        return list(map(mul, person_ids, map(eq, registered, stated)))
