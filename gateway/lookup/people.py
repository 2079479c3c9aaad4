"""Reads what a disclosure needs: wide rows, and a query for each related dataset; or what is ready. Synchronous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from gateway.config import RELATED_ROWS_MAX
from gateway.errors import RegistryUnavailable
from gateway.lookup.disclosure import FOREIGN, HOUSEHOLD_ID, MASKS_REMEMBERED_MAX, PERSON_ID, SCOPE, Disclosure
from gateway.lookup.fill import Row
from registry.datasets import UnitVersion
from registry.errors import RegistryError
from registry.pack import Ready
from registry.people import PeopleStore, Plan, seen_by_all
from registry.ready import ReadyPeople
from registry.related import RELATED
from registry.units import Units

OTHERS_NAMED = {"relatives": "relative_id", "household_members": "person_id"}
"""Related datasets that name other people, and the column with their ids."""

_NOTHING: Mapping[str, Sequence[Row]] = {}


@dataclass(slots=True)
class Found:
    """A person as read: the row, and per related dataset the person's rows. Not frozen, which takes thrice the time."""

    row: Row
    related: Mapping[str, Sequence[Row]]

    def subjects(self) -> list[int]:
        """The ids of everybody whom the answer names: the person, and relatives and household members in it."""
        ids = [self.row[PERSON_ID]]
        if not self.related:
            return ids
        for name in OTHERS_NAMED:
            at = RELATED[name].columns.index(OTHERS_NAMED[name])
            ids.extend(row[at] for row in self.related.get(name, ()))
        return ids


class Enrolled(Protocol):
    """Whom agencies enrolled as their subjects."""

    def own(self, agency: str, person_ids: Sequence[int]) -> frozenset[int]:
        """Those of the people whom the agency enrolled."""
        ...

    def after(self, agency: str, person_id: int, count: int) -> tuple[list[int], int]:
        """The next people whom it enrolled, and where to go on; 0: there are no more."""
        ...


class People:
    """The reading side of the registry, as the roles use it. Safe to share between threads.

    Everybody who is read passes here, so that here is where people who are none of an agency's own subjects become
    FOREIGN, and are out of scope for whoever looks.
    """

    def __init__(self, store: PeopleStore, enrolled: Enrolled | None = None, ready: ReadyPeople | None = None) -> None:
        """`enrolled`: only who never reads for an agency's own subjects may leave it out. `ready`: without it nobody is
        ready, and everything is read from the columns.
        """
        self._store = store
        self._enrolled = enrolled
        self._ready = ready
        self._plans: dict[tuple[str, ...], Plan] = {}

    def by_number(self, disclosure: Disclosure, numbers: Sequence[str]) -> list[Found | None]:
        """The holders of numbers, in order; None where nobody ever held one. Raises RegistryUnavailable."""
        once = list(dict.fromkeys(numbers))  # see `ready`
        found = self._read(disclosure, lambda plan, own: self._rows(disclosure, plan, once, own))
        if len(once) == len(numbers):
            return found
        by_number = dict(zip(once, found, strict=True))
        return [by_number[number] for number in numbers]

    def _rows(
        self, disclosure: Disclosure, plan: Plan, numbers: Sequence[str], own: dict[int, bool]
    ) -> list[Row | None]:
        seen = partial(self._seen, disclosure, own) if disclosure.provinces or disclosure.owner else seen_by_all
        return self._store.read(plan, numbers, seen)  # type: ignore[return-value]

    def _seen(self, disclosure: Disclosure, own: dict[int, bool], rows: Sequence[Row]) -> Iterable[bool]:
        marked = self._marked(disclosure.owner, rows, own) if disclosure.owner else rows
        return [row is not None and disclosure.in_scope(row) for row in marked]

    @property
    def packed(self) -> bool:
        """Whether what is ready is read in a fifth of the time."""
        return self._ready is not None and self._ready.packed

    def ready(self, disclosure: Disclosure, numbers: Sequence[str]) -> Ready:
        """What is ready about the people in scope who now have these numbers: results, or what is stated.

        Of everybody else `by_number` must be asked. Raises RegistryUnavailable.
        """
        if self._ready is None:
            return [0] * len(numbers), [b""] * len(numbers)
        read = self._ready.stated if disclosure.stated else self._ready.answers
        # Each once: what one number takes more than another, a thousand of it in one request would make plain.
        once = list(dict.fromkeys(numbers))
        try:
            own = partial(self.own, disclosure) if disclosure.owner else None
            person_ids, texts = read(once, disclosure.provinces, own)
        except RegistryError as error:
            raise RegistryUnavailable from error
        if len(once) == len(numbers):
            return person_ids, texts
        places = {number: at for at, number in enumerate(once)}
        return [person_ids[places[number]] for number in numbers], [texts[places[number]] for number in numbers]

    def by_id(self, disclosure: Disclosure, person_ids: Sequence[int]) -> list[Found | None]:
        """People by person_id, in order. Raises RegistryUnavailable."""
        return self._read(disclosure, lambda plan, _own: self._store.read_ids(plan, person_ids))

    def page(self, disclosure: Disclosure, after: int, limit: int) -> list[Found]:
        """The next people in scope by person_id, at most `limit`. Raises RegistryUnavailable."""
        if disclosure.owner:
            return self._own_page(disclosure, after, limit)
        scopes = disclosure.provinces or None
        found = self._read(disclosure, lambda plan, _own: self._store.snapshot(plan, after, limit, scopes))
        return [person for person in found if person is not None]

    def _read(self, disclosure: Disclosure, query: Any) -> list[Found | None]:
        plan = self._plans.get(disclosure.columns)
        try:
            if plan is None:
                if len(self._plans) >= MASKS_REMEMBERED_MAX:
                    # Masks are the callers' choice, and there are more of them than memory.
                    self._plans.clear()
                plan = self._plans[disclosure.columns] = self._store.plan(disclosure.columns)
            own: dict[int, bool] = {}
            rows = query(plan, own)
            if disclosure.owner:
                rows = self._marked(disclosure.owner, rows, own)
            if not disclosure.related:
                return [Found(row, _NOTHING) if row is not None else None for row in rows]
            return self._with_related(disclosure, rows)
        except RegistryError as error:
            raise RegistryUnavailable from error

    def _own_page(self, disclosure: Disclosure, after: int, limit: int) -> list[Found]:
        assert self._enrolled is not None
        page: list[Found] = []
        while len(page) < limit:
            person_ids, after = self._enrolled.after(disclosure.owner, after, limit - len(page))
            found = self.by_id(disclosure, person_ids) if person_ids else []
            page += [person for person in found if person is not None and disclosure.in_scope(person.row)]
            if not after:
                break
        return page

    def own(self, disclosure: Disclosure, person_ids: Sequence[int]) -> frozenset[int]:
        """Those of some people who may be in scope at all, wherever they live."""
        if not disclosure.owner:
            return frozenset(person_ids)
        assert self._enrolled is not None
        return self._enrolled.own(disclosure.owner, person_ids)

    def _marked(self, owner: str, rows: Sequence[Row | None], own: dict[int, bool]) -> list[Row | None]:
        """`own`: who is known to be the owner's subject, or not to be; asked about once a reading."""
        assert self._enrolled is not None
        # About nobody too, as 0, or the time of the question would tell who is absent.
        asked = [0 if row is None else row[PERSON_ID] for row in rows]
        unknown = [person_id for person_id in asked if person_id not in own]
        if unknown:
            enrolled = self._enrolled.own(owner, unknown)
            own.update((person_id, person_id in enrolled) for person_id in unknown)
        return [
            row if row is None or own[row[PERSON_ID]] else (*row[:SCOPE], FOREIGN, *row[SCOPE + 1 :]) for row in rows
        ]

    def _with_related(self, disclosure: Disclosure, rows: Sequence[Row | None]) -> list[Found | None]:
        # Nothing more is read about who is out of scope: it would take time that an absent person does not.
        present = [row for row in rows if row is not None and disclosure.in_scope(row)]
        person_ids = [row[PERSON_ID] for row in present]
        households = [row[HOUSEHOLD_ID] for row in present if row[HOUSEHOLD_ID] is not None]
        by_name: dict[str, tuple[int, Mapping[int, Sequence[Row]]]] = {}
        for name in disclosure.related:
            if RELATED[name].of_household:
                by_name[name] = HOUSEHOLD_ID, self._store.related(name, households)
            else:
                by_name[name] = PERSON_ID, self._store.related(name, person_ids)
        return [
            Found(row, {name: groups.get(row[key], ())[:RELATED_ROWS_MAX] for name, (key, groups) in by_name.items()})
            if row is not None
            else None
            for row in rows
        ]


class UnitNames:
    """Names of administrative units in both maps, each looked up once."""

    def __init__(self, units: Units) -> None:
        self._units = units
        # By version apart: a key with the version's enum in it takes as long as filling the residence.
        self._former: dict[str, tuple[str, str]] = {}
        self._current: dict[str, tuple[str, str]] = {}

    def former(self, commune_code: str) -> tuple[str, str]:
        """Province code and the place in words, under the map until 30/6/2025."""
        known = self._former.get(commune_code)
        return known or self._learn(self._former, UnitVersion.UNTIL_2025_06_30, commune_code)

    def current(self, commune_code: str) -> tuple[str, str]:
        """Province code and the place in words, under the map since 1/7/2025."""
        known = self._current.get(commune_code)
        return known or self._learn(self._current, UnitVersion.SINCE_2025_07_01, commune_code)

    def successor(self, commune_code: str) -> str:
        """Code since 1/7/2025 of a commune of the map before; of several the default, empty for unknown ones."""
        try:
            return self._units.default_successor(commune_code)
        except KeyError:
            return ""

    def _learn(self, known: dict[str, tuple[str, str]], version: UnitVersion, code: str) -> tuple[str, str]:
        found = known[code] = self._units.province_of(version, code).code, self._units.line(version, code)
        return found
