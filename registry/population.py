"""Which population a store holds and whether its build finished, read from `registry_meta`.

Trust: the database is trusted; see registry/tables.py.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, inspect, select

from registry.engine import DRIVER_ERRORS, store_error
from registry.errors import HalfBuilt, NotBuilt
from registry.tables import registry_meta


@dataclass(frozen=True, slots=True)
class Population:
    """A finished population: how many people from which seed, and its epoch, new after every restore."""

    epoch: str
    people: int
    seed: int


def read_meta(engine: Engine) -> dict[str, str]:
    """All of `registry_meta`; empty when the table does not exist."""
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(registry_meta.name):
                return {}
            rows = connection.execute(select(registry_meta.c.key, registry_meta.c.value))
            return {str(key): str(value) for key, value in rows}
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


def read_population(engine: Engine) -> Population:
    """The population in this store. Raises `NotBuilt` or `HalfBuilt`."""
    meta = read_meta(engine)
    if "complete" not in meta:
        raise NotBuilt
    if meta["complete"] != "1":
        raise HalfBuilt
    return Population(epoch=meta["epoch"], people=int(meta["people"]), seed=int(meta["seed"]))
