"""What can go wrong with the population, as one tree; it names the next step and never a person or a driver.

RegistryError
├── StoreRefused          the store is not in the state the caller needs
│   ├── NotBuilt          nothing was built here yet
│   ├── HalfBuilt         a build started and never finished
│   ├── OtherHalfBuilt    a build of another population started and never finished
│   ├── AlreadyBuilt      exactly this population is here, complete
│   ├── OtherPopulation   another population lives here
│   └── SecondWriter      another process writes this population
├── StoreUnavailable      the database cannot be reached, is busy, full or damaged
├── Inconsistent          rows given to the store break a rule of its tables
└── Malformed             a value breaks a rule of the registry
    ├── MalformedNumber   a personal number breaks a rule of its twelve digits
    └── MalformedUpdate   an update names a dataset or column that cannot be written this way
"""


class RegistryError(Exception):
    """Any failure of the registry. `str()` is safe to log: no driver text, no personal data."""


class StoreRefused(RegistryError):
    """The store answered, and is not in the state the caller needs."""


class NotBuilt(StoreRefused):
    """No population was built in this store."""

    def __init__(self) -> None:
        super().__init__("no population here: build one with `popgate seed build`, or name the database that holds it")


class HalfBuilt(StoreRefused):
    """A build started here and did not finish."""

    def __init__(self) -> None:
        super().__init__("the build of this population never finished: the same build, started again, goes on")


class OtherHalfBuilt(StoreRefused):
    """A build of another seed or size, or of another release, started here and did not finish."""

    def __init__(self) -> None:
        super().__init__(
            "the build of another population never finished here: build that one again with its --people and --seed, "
            "which goes on, or remove it with --discard-half-built"
        )


class AlreadyBuilt(StoreRefused):
    """Exactly the population that was asked for is here, complete."""

    def __init__(self) -> None:
        super().__init__("this very population is already built: use it, or build into another database")


class OtherPopulation(StoreRefused):
    """The store holds a population of another seed or size."""

    def __init__(self) -> None:
        super().__init__("another population lives here: build into another database, nothing was overwritten")


class SecondWriter(StoreRefused):
    """Another process holds the right to write this population."""

    def __init__(self) -> None:
        super().__init__("another process writes this population: stop it first, one writer is the rule")


class StoreUnavailable(RegistryError):
    """The database cannot be reached, is busy beyond the waiting time, full or damaged.

    `code` is the driver's error name or SQLSTATE: enough to look it up, and free of any row's values.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"the registry's database failed ({code}): see that it runs and has room, then try again")
        self.code = code


class Inconsistent(RegistryError):
    """Rows break a rule of the tables: a duplicate key, a missing reference, a value of another type."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"the rows break a rule of the tables ({rule}): nothing of them can be used")
        self.rule = rule


class Malformed(RegistryError):
    """A value breaks a rule; the message names the rule and never repeats the value."""


class MalformedNumber(Malformed):
    """A personal number breaks a rule of its twelve digits."""


class MalformedUpdate(Malformed):
    """An update names a dataset, column or kind of value that cannot be written this way."""
