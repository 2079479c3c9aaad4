"""Why a population is not built or exported, each with the next step. Never holds a person's data."""


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


class ExportRefused(SeedError):
    """An extract cannot be written as asked."""


class UnknownAgency(ExportRefused):
    """No extract is known for this agency."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(f"the agency must be one of {', '.join(known)}")


class NothingToExport(ExportRefused):
    """The population holds nobody in the dataset an extract is made of."""

    def __init__(self, dataset: str) -> None:
        super().__init__(f"the population holds no {dataset.replace('_', ' ')}: build it anew, with its registries")
