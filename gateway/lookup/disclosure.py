"""Trims answers to the grant: a mask and a right, compiled once into what is read and what is filled. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from gateway.agency.grants import Right
from gateway.api.v1 import context_pb2, person_pb2, reason_pb2
from gateway.catalogue import Catalogue
from gateway.errors import FieldNotGranted, MaskEmpty
from gateway.lookup.errors import IdentifierWithheld
from gateway.lookup.fill import FILLERS, Fill, Places, Related, Row
from gateway.lookup.linked import linked_fillers
from gateway.lookup.pairwise import AgencyTokens, PairwiseKey

PREFIX = ("person_id", "number", "version", "scope", "household_id")
"""Columns that every row begins with, whatever is disclosed; the store itself puts the first two there."""
PERSON_ID, NUMBER, VERSION, SCOPE, HOUSEHOLD_ID = range(len(PREFIX))

FOREIGN = "-"
"""The scope of a row whose person is none of the subjects that are asked for, wherever the person lives."""

FRAGMENT_LEAVES = frozenset({"number", "name", "birth_date", "sex", "permanent_residence", "household_number"})
"""The basic six, top-level fields: who discloses nothing else may tell what is ready instead of filling messages."""

TOKENED_LEAVES = frozenset({"number", "household_number", "relatives", "household"})
"""Identifying leaves that `AgencyTokens.veil` puts tokens into; every other one is withheld from who sees tokens."""

MASKS_REMEMBERED_MAX = 1024
_NOT_GRANTED = reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED
_IDENTIFIER = reason_pb2.ERROR_REASON_IDENTIFIER_WITHHELD


@dataclass(frozen=True, slots=True, eq=False)
class Disclosure:
    """What is read and filled for one mask under one right."""

    paths: tuple[str, ...]
    """Paths disclosed, sorted."""
    columns: tuple[str, ...]
    """Columns to ask the store for, beyond the first two of PREFIX."""
    related: frozenset[str]
    withheld: tuple[context_pb2.WithheldField, ...]
    sources: tuple[context_pb2.DatasetSource, ...]
    """Dataset and owner of what is disclosed, each pair once."""
    provinces: frozenset[str]
    """Provinces in scope; empty: everyone."""
    fills: tuple[tuple[Fill, tuple[int, ...]], ...]
    clears: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """For coarsened leaves: the fields that lead there, and the parts of it that are taken out again."""
    ready: bool = False
    """Whether what is disclosed may be ready."""
    dropped: tuple[str, ...] = ()
    """Fields that are not disclosed of what is ready."""
    stated: bool = False
    """Whether what is ready is what most callers state."""
    tokens: AgencyTokens | None = None
    """The agency's, where it sees them in place of numbers."""
    owner: str = ""
    """The agency whose enrolled subjects alone are in scope; empty: others are, too."""

    def in_scope(self, row: Row) -> bool:
        """Whether the person of a row may be seen at all."""
        return row[SCOPE] in self.provinces if self.provinces else row[SCOPE] != FOREIGN

    def fill(self, person: person_pb2.Person, row: Row, related: Related, places: Places) -> None:
        """Fill `person`, an empty message, from a row of PREFIX and `columns`, and the rows of the related datasets."""
        for fill, at in self.fills:
            fill(person, row, at, related, places)
        for path, parts in self.clears:
            message: Message = person
            for field in path:
                message = getattr(message, field)
            for part in parts:
                message.ClearField(part)
        if self.tokens is not None:
            self.tokens.veil(person, row, related, PERSON_ID, HOUSEHOLD_ID)

    def encoded(self, row: Row, related: Related, places: Places) -> bytes:
        """The same as the serialised person."""
        person = person_pb2.Person()
        self.fill(person, row, related, places)
        return person.SerializeToString()


class Disclosures:
    """Compiles disclosures and remembers the last ones."""

    def __init__(self, catalogue: Catalogue, key: PairwiseKey | None = None) -> None:
        """`key`: makes the tokens; only who never asks for a right with tokens may leave it out."""
        self._key = key
        self._fillers = {**FILLERS, **linked_fillers()}
        missing = catalogue.leaves.keys() ^ self._fillers.keys()
        if missing:
            raise RuntimeError(f"contract and fillers differ in {sorted(missing)}")
        self._catalogue = catalogue
        self._known: OrderedDict[tuple[Right, tuple[str, ...]], Disclosure] = OrderedDict()

    def of(self, right: Right, mask: Sequence[str]) -> Disclosure:
        """The disclosure of a mask under a right. Raises MaskEmpty, FieldUnknown, FieldNotGranted."""
        key = (right, tuple(mask))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compile(right, mask)
            if len(self._known) > MASKS_REMEMBERED_MAX:
                self._known.popitem(last=False)
        return known

    def _compile(self, right: Right, mask: Sequence[str]) -> Disclosure:
        if not mask:
            raise MaskEmpty
        asked = self._catalogue.resolve(mask)
        disclosed, withheld = self._catalogue.trim(asked, right.fields)
        if not disclosed:
            raise FieldNotGranted(metadata={"fields": ",".join(withheld[:16])})
        identifying = self._identifying(disclosed) if right.pairwise else frozenset()
        disclosed -= identifying
        if not disclosed:
            raise IdentifierWithheld(metadata={"fields": ",".join(sorted(identifying)[:16])})
        leaves = sorted({self._catalogue.leaf_of(path) for path in disclosed})
        columns = list(PREFIX)
        fills: list[tuple[Fill, tuple[int, ...]]] = []
        related: set[str] = set()
        for leaf in leaves:
            filler = self._fillers[leaf]
            columns.extend(column for column in filler.columns if column not in columns)
            fills.append((filler.fill, tuple(columns.index(column) for column in filler.columns)))
            if filler.related:
                related.add(filler.related)
        ready = disclosed <= FRAGMENT_LEAVES and not right.pairwise
        return Disclosure(
            paths=tuple(sorted(disclosed)),
            columns=tuple(columns[2:]),
            related=frozenset(related),
            withheld=_withheld(dict.fromkeys(withheld, _NOT_GRANTED) | dict.fromkeys(identifying, _IDENTIFIER)),
            sources=self._sources(leaves),
            provinces=right.provinces,
            fills=tuple(fills),
            clears=tuple(self._cleared(leaf, disclosed) for leaf in leaves if leaf not in disclosed),
            ready=ready,
            dropped=tuple(sorted(FRAGMENT_LEAVES - disclosed)) if ready else (),
            tokens=self._tokens(right),
            owner=right.owner,
        )

    def _tokens(self, right: Right) -> AgencyTokens | None:
        if not right.pairwise:
            return None
        assert self._key is not None
        return self._key.tokens(right.agency)

    def _identifying(self, disclosed: frozenset[str]) -> frozenset[str]:
        """What is withheld from who sees tokens: identifiers for which there are none."""
        leaf_of, leaves = self._catalogue.leaf_of, self._catalogue.leaves
        return frozenset(
            path for path in disclosed if leaves[leaf_of(path)].identifier and leaf_of(path) not in TOKENED_LEAVES
        )

    def _sources(self, leaves: Sequence[str]) -> tuple[context_pb2.DatasetSource, ...]:
        pairs = {(self._catalogue.leaves[leaf].dataset, self._catalogue.leaves[leaf].owner) for leaf in leaves}
        return tuple(
            context_pb2.DatasetSource(dataset=dataset, owner=owner)  # type: ignore[arg-type]
            for dataset, owner in sorted(pairs)
        )

    def _cleared(self, leaf: str, disclosed: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        parts = self._catalogue.leaves[leaf].parts
        return tuple(leaf.split(".")), tuple(sorted(part for part in parts if f"{leaf}.{part}" not in disclosed))


def _withheld(reasons: Mapping[str, reason_pb2.ErrorReason]) -> tuple[context_pb2.WithheldField, ...]:
    return tuple(context_pb2.WithheldField(path=path, reason=reasons[path]) for path in sorted(reasons))


def only_scope(provinces: frozenset[str], owner: str = "", *, stated: bool = False) -> Disclosure:
    """Discloses nothing; reads just enough to know who is in scope, and what most callers state."""
    return Disclosure((), PREFIX[2:], frozenset(), (), (), provinces, (), (), stated=stated, owner=owner)
