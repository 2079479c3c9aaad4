"""What is read and compared for some claims under one right, compiled once and remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.agency.grants import Right
from gateway.agency.predicates import SAME_HOUSEHOLD, Predicate, parse_predicate
from gateway.api.v1 import context_pb2, reason_pb2
from gateway.catalogue import Catalogue
from gateway.errors import ArgumentInvalid, FieldNotGranted, FieldUnknown, FieldViolation
from gateway.lookup.disclosure import MASKS_REMEMBERED_MAX, PREFIX, Disclosure
from gateway.lookup.verification.comparators import Compare, compile_comparators
from gateway.lookup.verification.questions import COLUMNS, WITH_VALUE, Question
from gateway.lookup.verification.sight import Sight


@dataclass(frozen=True, slots=True)
class Field:
    """One claimed path: how it is compared, None when the grant does not cover that, and where its columns stand."""

    path: str
    compare: Compare | None
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A compiled verification. `disclosure` says what is read; nothing of it is disclosed."""

    fields: tuple[Field, ...]
    questions: tuple[Question, ...]
    disclosure: Disclosure
    leniency: int
    sight: Sight | None
    """What sees whether everything claimed is a match; None when something is asked that it cannot see."""

    @property
    def withheld(self) -> tuple[context_pb2.WithheldField, ...]:
        """Paths and predicates that the grant does not cover."""
        return self.disclosure.withheld

    @property
    def can_be_guessed(self) -> bool:
        """Whether the caller states anything that it could try until it is right."""
        stated = any(field.compare is not None for field in self.fields)
        return stated or any(question.granted and question.predicate.name in WITH_VALUE for question in self.questions)

    @property
    def names_others(self) -> bool:
        """Whether people beside those asked about are read, for a question that is answered."""
        return any(question.granted and question.predicate.name == SAME_HOUSEHOLD for question in self.questions)

    @property
    def compared(self) -> tuple[str, ...]:
        """Paths that are compared and questions that are answered: what the audit entry's detail names."""
        return self.disclosure.paths


class Plans:
    """Compiles plans and remembers the last ones."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Raises RuntimeError when the contract lets something be verified that cannot be compared."""
        self._catalogue = catalogue
        self._comparators = compile_comparators(catalogue)
        self._known: OrderedDict[tuple[Right, tuple[str, ...], tuple[str, ...]], Plan] = OrderedDict()

    def of(self, right: Right, paths: Sequence[str], predicates: Sequence[str]) -> Plan:
        """The plan for claims of `paths` and questions of `predicates`. Raises CallerMistake, FieldNotGranted."""
        key = (right, tuple(paths), tuple(predicates))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compile(right, paths, predicates)
            if len(self._known) > MASKS_REMEMBERED_MAX:
                self._known.popitem(last=False)
        return known

    def _compile(self, right: Right, paths: Sequence[str], predicates: Sequence[str]) -> Plan:
        if not paths and not predicates:
            raise ArgumentInvalid(violations=[FieldViolation("claims", "is empty: state a value, or ask a question")])
        self._check_known(paths)
        asked = _parsed(predicates)
        granted = [path for path in paths if self._is_granted(right, path)]
        answered = [str(predicate) for predicate in asked if str(predicate) in right.predicates]
        withheld = sorted({*paths, *predicates}.difference(granted, answered))
        if not granted and not answered:
            raise FieldNotGranted(metadata={"fields": ",".join(withheld[:16])})
        columns = list(PREFIX)
        fields = tuple(self._field(path, path in granted, columns) for path in paths)
        questions = tuple(
            Question(predicate, _placed(COLUMNS[predicate.name], columns), str(predicate) in answered)
            for predicate in asked
        )
        related = frozenset(name for path in granted if (name := self._comparators[path].related))
        disclosure = Disclosure(
            paths=(*sorted(granted), *sorted(answered)),
            columns=tuple(columns[2:]),
            related=related,
            withheld=tuple(
                context_pb2.WithheldField(path=path, reason=reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED)
                for path in withheld
            ),
            sources=self._sources(granted),
            provinces=right.provinces,
            fills=(),
            clears=(),
            owner=right.owner,
        )
        sight = Sight.of(right, paths) if len(granted) == len(paths) and not asked else None
        return Plan(fields, questions, disclosure, right.leniency, sight)

    def _check_known(self, paths: Sequence[str]) -> None:
        """Raises FieldUnknown for paths that `Person` lacks, ArgumentInvalid for those that only parts of are."""
        for position, path in enumerate(paths):
            try:
                resolved = self._catalogue.resolve([path])
            except FieldUnknown as unknown:
                said = unknown.violations[0].description
                raise FieldUnknown(violations=[FieldViolation(f"claims[{position}].path", said)]) from None
            leaf = next(iter(resolved)) if len(resolved) == 1 else ""
            verifiable = bool(leaf) and self._catalogue.leaves[self._catalogue.leaf_of(leaf)].verifiable
            if path not in resolved or (verifiable and path not in self._comparators):
                raise ArgumentInvalid(
                    violations=[FieldViolation(f"claims[{position}].path", "cannot be compared: claim its parts")]
                )

    def _is_granted(self, right: Right, path: str) -> bool:
        leaf = self._catalogue.leaf_of(path)
        return path in self._comparators and (path in right.verify_fields or leaf in right.verify_fields)

    def _field(self, path: str, granted: bool, columns: list[str]) -> Field:
        if not granted:
            return Field(path, None, ())
        comparator = self._comparators[path]
        return Field(path, comparator.compare, _placed(comparator.columns, columns))

    def _sources(self, paths: Sequence[str]) -> tuple[context_pb2.DatasetSource, ...]:
        leaves = [self._catalogue.leaves[self._catalogue.leaf_of(path)] for path in paths]
        return tuple(
            context_pb2.DatasetSource(dataset=dataset, owner=owner)  # type: ignore[arg-type]
            for dataset, owner in sorted({(leaf.dataset, leaf.owner) for leaf in leaves})
        )


def _placed(wanted: Sequence[str], columns: list[str]) -> tuple[int, ...]:
    """Where columns stand in the row; those that are not read yet are added."""
    columns.extend(column for column in wanted if column not in columns)
    return tuple(columns.index(column) for column in wanted)


def _parsed(predicates: Sequence[str]) -> list[Predicate]:
    parsed = []
    for position, text in enumerate(predicates):
        try:
            parsed.append(parse_predicate(text))
        except ValueError as error:
            raise ArgumentInvalid(violations=[FieldViolation(f"questions[{position}].predicate", str(error))]) from None
    return parsed
