"""Why a population is not built, each with the next step. Never holds a person's data."""


class SeedError(Exception):
    """A population cannot be built as asked; `str()` is a sentence for the operator."""


class ImpossiblePopulation(SeedError):
    """The number of people or the seed is outside what can be built."""


class NoRoom(SeedError):
    """The disk is too small for the population that was asked for."""


class BuildRunning(SeedError):
    """Another process builds into the same state directory."""


class WorkerLost(SeedError):
    """A process that generates people ended unexpectedly."""
