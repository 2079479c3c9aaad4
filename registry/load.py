"""Fills an empty store with a whole population, as fast as the engine allows. Never adds to a finished one.

Trust: the rows are believed, except for keys and references, which are checked before the store counts as built.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint, ForeignKeyConstraint

from registry.engine import DRIVER_ERRORS, is_sqlite, store_error
from registry.errors import AlreadyBuilt, HalfBuilt, Inconsistent, OtherPopulation
from registry.migrations import migrate
from registry.population import read_meta
from registry.tables import metadata, person, registry_meta, unit, unit_successor
from registry.units import Successor, Unit

type_column = Sequence[Any] | npt.NDArray[Any]
