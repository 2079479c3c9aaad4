"""Words and codes drawn by weight from one file of seed/data. Decides nothing about people."""

from dataclasses import dataclass
from functools import cache

from seed.drawing import pick
from seed.figures import Floats, Ints, Texts, column, cumulative, read_rows, texts
from seed.plan import Random


@dataclass(frozen=True, slots=True)
class Choices:
    """Values and their running shares."""

    values: Texts
    running: Floats

    def draw(self, random: Random, count: int) -> Texts:
        """`count` independent values."""
        drawn: Texts = self.values[self.draw_positions(random, count)]
        return drawn

    def draw_positions(self, random: Random, count: int) -> Ints:
        """Positions of `count` independent values."""
        return pick(random, self.running, count)


@cache
def choices(file: str, value: str, key: str, wanted: str) -> Choices:
    """The rows of a file whose column `key` says `wanted`: their column `value` by their column `weight`."""
    rows = [row for row in read_rows(file) if row[key] == wanted]
    return Choices(texts([row[value] for row in rows]), cumulative(column(rows, "weight")))
