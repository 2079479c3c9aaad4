"""The statements that read what hangs on a person, one for any number of people. Builds them; runs nothing.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Column, ColumnElement, FromClause, Select, Table, literal_column, select, union_all

from registry.datasets import Link
from registry.linked import LINKED, Linked
from registry.tables import (
    identity_document,
    membership,
    person,
    person_name,
    person_number,
    residence,
)

# What each row of a related dataset holds, in order; the first column says whom it is about.
RESIDENCE_COLUMNS = ("person_id", "kind", "commune_old", "commune", "line", "valid_from", "valid_to")
DOCUMENT_COLUMNS = ("person_id", "kind", "number", "issued_on", "issued_by", "expires_on")
NAME_COLUMNS = ("person_id", "kind", "surname", "middle_name", "given_name", "valid_from", "valid_to")
NUMBER_COLUMNS = ("person_id", "number", "valid_from", "valid_to")
MEMBER_COLUMNS = (
    *("household_id", "person_id", "relation", "kind", "valid_from"),
    *("number", "surname", "middle_name", "given_name", "legacy_number"),
)
RELATIVE_COLUMNS = (
    *("person_id", "link", "relative_id"),
    *("number", "surname", "middle_name", "given_name", "legacy_number", "nationality"),
)


def residences(asked: FromClause) -> Select[tuple[object, ...]]:
    """All residences, past ones too, oldest first."""
    return _history(asked, residence, RESIDENCE_COLUMNS, residence.c.valid_from)


def documents(asked: FromClause) -> Select[tuple[object, ...]]:
    """All identity documents, oldest first."""
    return _history(asked, identity_document, DOCUMENT_COLUMNS, identity_document.c.issued_on)


def names(asked: FromClause) -> Select[tuple[object, ...]]:
    """Other and former names."""
    return _history(asked, person_name, NAME_COLUMNS, person_name.c.valid_from)


def numbers(asked: FromClause) -> Select[tuple[object, ...]]:
    """All personal numbers ever held, the current one last."""
    return _history(asked, person_number, NUMBER_COLUMNS, person_number.c.valid_from)


def linked_columns(dataset: Linked) -> tuple[str, ...]:
    """The columns of a linked dataset's rows; the last says when its owner wrote the row."""
    return ("person_id", *dataset.columns, "updated_on")


def linked(dataset: Linked, asked: FromClause) -> Select[tuple[object, ...]]:
    """The rows of a linked dataset, in its order."""
    return _history(asked, dataset.table, linked_columns(dataset), dataset.table.c[dataset.order_by])


def members(asked: FromClause) -> Select[tuple[object, ...]]:
    """The present members of households, asked by household_id, the head first."""
    columns = [(membership if name in membership.c else person).c[name] for name in MEMBER_COLUMNS]
    source = asked.join(membership, membership.c.household_id == asked.c.value).join(
        person, person.c.person_id == membership.c.person_id
    )
    return (
        select(*columns)
        .select_from(source)
        .where(membership.c.valid_to.is_(None))
        .order_by(membership.c.household_id, membership.c.relation, membership.c.person_id)
    )


def relatives(asked: FromClause) -> Select[tuple[object, ...]]:
    """Father, mother, spouse and children, as far as the registry links them."""
    wanted = select(asked.c.value.label("person_id")).cte("wanted")
    subject = person.alias("subject")
    parts = [
        select(subject.c.person_id, literal_column(str(int(link))), *_relative_columns())
        .select_from(wanted)
        .join(subject, subject.c.person_id == wanted.c.person_id)
        .join(person, person.c.person_id == reference)
        for link, reference in (
            (Link.FATHER, subject.c.father_id),
            (Link.MOTHER, subject.c.mother_id),
            (Link.SPOUSE, subject.c.spouse_id),
        )
    ]
    parts += [
        select(parent, literal_column(str(int(Link.CHILD))), *_relative_columns())
        .select_from(wanted)
        .join(person, parent == wanted.c.person_id)
        for parent in (person.c.father_id, person.c.mother_id)
    ]
    return union_all(*parts).order_by(literal_column("1"), literal_column("2"), literal_column("3"))  # type: ignore[return-value]


def _relative_columns() -> list[ColumnElement[object]]:
    return [person.c.person_id.label("relative_id"), *(person.c[name] for name in RELATIVE_COLUMNS[3:])]


def _history(
    asked: FromClause, table: Table, columns: tuple[str, ...], order: Column[int]
) -> Select[tuple[object, ...]]:
    return (
        select(*(table.c[name] for name in columns))
        .select_from(asked.join(table, table.c.person_id == asked.c.value))
        .order_by(table.c.person_id, order)
    )


@dataclass(frozen=True, slots=True)
class Related:
    """Rows that hang on a person or, when `of_household`, on the person's permanent household.

    `build` makes the statement from a source of identifiers; the first of `columns` says whom a row is about.
    """

    columns: tuple[str, ...]
    build: Callable[[FromClause], Select[tuple[object, ...]]]
    of_household: bool = False


RELATED: Mapping[str, Related] = {
    "residences": Related(RESIDENCE_COLUMNS, residences),
    "documents": Related(DOCUMENT_COLUMNS, documents),
    "other_names": Related(NAME_COLUMNS, names),
    "numbers": Related(NUMBER_COLUMNS, numbers),
    "relatives": Related(RELATIVE_COLUMNS, relatives),
    "household_members": Related(MEMBER_COLUMNS, members, of_household=True),
    **{name: Related(linked_columns(dataset), partial(linked, dataset)) for name, dataset in LINKED.items()},
}
"""By name: one line for each set of rows that can be read beside the people."""
