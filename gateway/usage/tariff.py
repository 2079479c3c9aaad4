"""The tariff: what a field about a person costs, and who pays nothing. A table with its source, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Tariff:
    """`dong_per_field`: for one field about one person. `free`: names of agency classes that pay nothing."""

    source: str
    dong_per_field: int
    free: frozenset[str]

    @classmethod
    def from_text(cls, text: str) -> Tariff:
        """Raises ValueError when a part is missing or not of its type."""
        read = tomllib.loads(text)
        source, dong, free = read.get("source"), read.get("dong_per_field"), read.get("free")
        if not isinstance(source, str) or type(dong) is not int or dong < 0 or not isinstance(free, list):
            raise ValueError("a tariff has a source, dong_per_field of 0 or more, and a list of free classes")
        return cls(source, dong, frozenset(map(str, free)))

    @classmethod
    def shipped(cls) -> Tariff:
        """The table beside this file."""
        return cls.from_text(files(__package__).joinpath("tariff.toml").read_text(encoding="utf-8"))

    def price(self, agency_class: str) -> int:
        """Dong for a field about a person, for a class named without its prefix."""
        return 0 if agency_class in self.free else self.dong_per_field
