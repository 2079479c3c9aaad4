"""Numbers given once in the whole country, each from a permuted range of its own. Keeps no list, retries none."""

from zlib import crc32

import numpy as np

from seed.figures import Ints
from seed.papers import Digits, digits, suffixes
from seed.registries.subjects import Subjects

# Weights of the check digit of tax and enterprise codes (circular 105/2020/TT-BTC).
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_LAST_DIGITS = 9  # of the ten, one in the ninth place would leave no check digit
_PREFIX_CODES = 1_000_000  # what stands between the two digits of the prefix and the last two


def serials(subjects: Subjects, name: str, cell: Ints, *, left: int, right: int) -> Ints:
    """One number below `left` times `right` each, never twice in the country under one `name` and `cell`.

    Raises `ImpossiblePopulation` when a block outgrows its part of the range: `left * right / plan.blocks` a cell.
    """
    return suffixes(subjects.plan, subjects.block, cell, crc32(name.encode()) << 16, left=left, right=right)


def tax_codes(subjects: Subjects, name: str, prefix: Ints) -> Digits:
    """Ten digits with their check digit, two of them `prefix` (0 to 99); nobody else under a `name` has the same.

    Codes under different names may be equal unless their prefixes differ. A prefix has 9,000,000 codes.
    """
    return check_digit_codes(prefix, serials(subjects, name, prefix, left=3000, right=3000))


def check_digit_codes(prefix: Ints, serial: Ints) -> Digits:
    """The code of each serial below 9,000,000 behind each prefix: no two of them have one code."""
    middle, choice = np.divmod(serial, _LAST_DIGITS)
    eight = prefix * _PREFIX_CODES + middle
    total = np.zeros(len(serial), dtype=np.int64)
    for place, weight in enumerate(_WEIGHTS[:-1]):
        total += eight // 10 ** (7 - place) % 10 * weight
    # The ninth digit d with total + 3d divisible by 11 would need the check digit 10: it is stepped over.
    forbidden = -total * 4 % 11
    ninth = choice + (choice >= forbidden)
    check = 10 - (total + _WEIGHTS[-1] * ninth) % 11
    return digits((eight * 10 + ninth) * 10 + check, 10)


def joined(*parts: Digits) -> Digits:
    """Texts of fixed widths, one behind the other; every part fills its width."""
    columns = [np.ascontiguousarray(part).view(np.uint8).reshape(len(part), part.itemsize) for part in parts]
    matrix = np.ascontiguousarray(np.hstack(columns))
    return matrix.view(f"S{matrix.shape[1]}").ravel()


def constant(text: bytes, count: int) -> Digits:
    """One text `count` times, for `joined`."""
    return np.full(count, text)
