"""Subject tags, by which only the holder of a month's key finds a person's entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from struct import error, pack

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from gateway.audit.errors import Malformed

TAG_BYTES = 16
KEY_BYTES = 32
_PERSON = b"pg.person"
_NUMBER = b"pg.number"
_GUESS = b"pg.guess"
# Asia/Ho_Chi_Minh has been UTC+7 without daylight saving since 1975; no time zone data is needed.
_VIETNAM = timezone(timedelta(hours=7))
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_OFFSET_US = 7 * 3600 * _SECOND_US
# A worker tags before the sequencer stamps: around a month's end the two may name different months.
_STAMP_MARGIN_US = 120 * _SECOND_US


def month_of(time_us: int) -> str:
    """The Vietnamese calendar month of a log time, as "YYYYMM"."""
    return datetime.fromtimestamp(time_us // _SECOND_US, _VIETNAM).strftime("%Y%m")


def day_end_us(time_us: int) -> int:
    """The first microsecond of the Vietnamese calendar day after the one `time_us` lies in."""
    return time_us - (time_us + _OFFSET_US) % _DAY_US + _DAY_US


def month_end_us(time_us: int) -> int:
    """The first microsecond of the month after the one `time_us` lies in."""
    local = datetime.fromtimestamp(time_us // _SECOND_US, _VIETNAM)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return int(datetime(year, month, 1, tzinfo=_VIETNAM).astimezone(UTC).timestamp()) * _SECOND_US


def months_between(from_us: int, to_us: int) -> list[str]:
    """Every month whose key may have tagged an entry with a log time in [from_us, to_us]."""
    at = max(0, from_us - _STAMP_MARGIN_US)
    months = [month_of(at)]
    while (at := month_end_us(at)) <= to_us + _STAMP_MARGIN_US:
        months.append(month_of(at))
    return months


class TagKey:
    """The tag key of one month; about 0.1 us a person of many, 4 us for one alone."""

    __slots__ = ("_guesses", "_number", "_people", "month")

    def __init__(self, month: str, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Malformed("a tag key has 32 bytes")
        self.month = month
        self._people = _permutation(key, _PERSON)
        self._guesses = _permutation(key, _GUESS)
        # The keyed first block is computed once; each tag starts from a copy of that state.
        self._number = blake2b(key=key, digest_size=TAG_BYTES, person=_NUMBER)

    def person(self, person_id: int) -> bytes:
        """Tag of a person by the registry's own identifier."""
        return self.people([person_id])

    def number(self, number: str) -> bytes:
        """Tag of a 12-digit number that was asked for and not found or not resolved."""
        state = self._number.copy()
        state.update(number.encode("ascii"))
        return state.digest()

    def people(self, person_ids: Sequence[int]) -> bytes:
        """The tags of many people, concatenated in order, as an entry holds them."""
        return self._people(_blocks(person_ids))

    def numbers(self, numbers: Iterable[str]) -> bytes:
        """The tags of many numbers, concatenated in order."""
        return b"".join([self.number(number) for number in numbers])

    def guesses(self, subjects: Sequence[int | str]) -> bytes:
        """Tags in a domain of their own of people, by id, and of numbers that nobody visible has; joined in order.

        Raises Malformed for a text of more than 16 characters.
        """
        try:
            return self._guesses(_blocks(subjects))
        except error:
            pass  # not all of them are people
        blocks = [
            _blocks((subject,)) if isinstance(subject, int) else subject.encode("ascii").ljust(TAG_BYTES)
            for subject in subjects
        ]
        plain = b"".join(blocks)
        if len(plain) != TAG_BYTES * len(blocks):
            raise Malformed("no number has more than 16 digits")
        return self._guesses(plain)


def _blocks(subjects: Sequence[int | str]) -> bytes:
    """A block of TAG_BYTES for each person. Raises struct.error when one of them is a text."""
    return pack(">" + "8xQ" * len(subjects), *subjects)


def _permutation(key: bytes, domain: bytes) -> Callable[[bytes], bytes]:
    """One block a subject and no two alike: the cipher as a keyed permutation, for which no mode of use is needed.

    Of whole blocks nothing is left over from one call to the next, so that a context serves again and again: to make
    one takes longer than a hundred blocks. It is taken away while it works, since it is for one thread at a time.
    """
    own = blake2b(key=key, digest_size=KEY_BYTES, person=domain).digest()
    cipher, idle = Cipher(algorithms.AES256(own), modes.ECB()), list[CipherContext]()  # noqa: S305

    def permuted(blocks: bytes) -> bytes:
        try:
            context = idle.pop()
        except IndexError:
            context = cipher.encryptor()
        permuted = context.update(blocks)
        idle.append(context)
        return permuted

    return permuted
