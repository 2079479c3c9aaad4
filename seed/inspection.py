"""Looks for rows that contradict each other among those just made, before any store holds them.

Reads what was made; never changes it, and reports counts only. `seed.report` measures a finished store.
"""

from collections.abc import Iterable

import numpy as np

from registry.datasets import MaritalStatus, Relation, Sex
from seed.block import Batch
from seed.figures import BASE_DATE, Ints
from seed.places import places
from seed.rows import Column, Rows

PARENT_AGE_MIN = 15  # years between the birth years of parent and child; days are not known of everybody


def gather(batches: Iterable[Batch]) -> dict[str, Rows]:
    """All rows of the batches by table and column, in order."""
    parts: dict[str, dict[str, list[Column]]] = {}
    for batch in batches:
        for table, columns in batch.tables.items():
            for column, values in columns.items():
                parts.setdefault(table, {}).setdefault(column, []).append(values)
    return {table: {column: _joined(values) for column, values in columns.items()} for table, columns in parts.items()}


def ages(person: Rows) -> Ints:
    """Full years at the base date; of people whose birthday is not known, as if born in July."""
    base = BASE_DATE.astype(object)
    month = np.where(person["birth_month"] > 0, person["birth_month"], 7)
    day = np.where(person["birth_day"] > 0, person["birth_day"], 1)
    later = (month > base.month) | ((month == base.month) & (day > base.day))
    return np.asarray(base.year - person["birth_year"] - later, dtype=np.int64)


def faults(tables: dict[str, Rows]) -> dict[str, int]:
    """How many rows break each rule of a consistent population; all zero in a good one."""
    person, household = tables["person"], tables["household"]
    ids = np.asarray(person["person_id"])
    count = len(ids)
    position = np.zeros(count + 1, dtype=np.int64)
    position[ids] = np.arange(count)
    alive = np.ma.getmaskarray(person["death_date"])
    relation = np.where(alive, np.ma.getdata(person["relation_to_head"]), 0)
    heads = ids[relation == Relation.HEAD]
    number = np.asarray(tables["person_number"]["number"])
    spouse = person["spouse_id"]
    married = np.flatnonzero(~np.ma.getmaskarray(spouse))
    partner = position[np.ma.getdata(spouse)[married]]
    found = {
        "person ids are not dense": int((np.sort(ids) != np.arange(1, count + 1)).sum()),
        "numbers are held twice": len(number) - len(np.unique(number)),
        "numbers say something else": _wrong_numbers(person),
        "households without exactly one head": int(
            (np.sort(heads) != np.sort(household["head_person_id"])).sum()
            if len(heads) == len(household["household_id"])
            else abs(len(heads) - len(household["household_id"]))
        ),
        "living people without a household": int(
            (~np.isin(np.ma.getdata(person["household_id"])[alive], household["household_id"])).sum()
        ),
        "spouses who are not each other's": int((np.ma.getdata(spouse)[partner] != ids[married]).sum()),
        "spouses of one sex": int((person["sex"][married] == person["sex"][partner]).sum()),
        "spouses not married": int((person["marital_status"][married] != MaritalStatus.MARRIED).sum()),
        "card holders under 14": int((ages(person)[position[tables["identity_document"]["person_id"]]] < 14).sum()),
    }
    for parent, sex in (("father_id", Sex.MALE), ("mother_id", Sex.FEMALE)):
        child = np.flatnonzero(~np.ma.getmaskarray(person[parent]))
        elder = position[np.ma.getdata(person[parent])[child]]
        gap = person["birth_year"][child] - person["birth_year"][elder]
        found[f"{parent} of the wrong sex"] = int((person["sex"][elder] != sex).sum())
        found[f"{parent} too young"] = int((gap < PARENT_AGE_MIN).sum())
        if parent == "father_id":
            other = (person["surname"][child] != person["surname"][elder]).sum()
            found["children without their father's surname"] = int(other)
    return found


def _joined(parts: list[Column]) -> Column:
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        mask = np.concatenate([np.ma.getmaskarray(part) for part in parts])
        return np.ma.MaskedArray(np.concatenate([np.ma.getdata(part) for part in parts]), mask=mask)
    return np.concatenate(parts)


def _wrong_numbers(person: Rows) -> int:
    """Numbers whose digits contradict the province of registration, the sex or the birth year."""
    land = places()
    order = np.argsort(land.commune_code)
    commune = order[np.searchsorted(land.commune_code[order], np.asarray(person["birth_registration"]).astype(object))]
    province = land.birth_code[land.commune_province[commune]]
    gender = person["sex"] - Sex.MALE + 2 * (person["birth_year"] // 100 - 19)
    prefix = (province * 10 + gender) * 100 + person["birth_year"] % 100
    return int((np.asarray(person["number"]).astype(np.int64) // 1_000_000 != prefix).sum())
