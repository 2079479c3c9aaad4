"""Subject tags: keyed hashes by which only the holder of a month's key finds a person's entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

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
    """The tag key of one month; about 0.7 us a tag."""

    __slots__ = ("_guess", "_number", "_person", "month")

    def __init__(self, month: str, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise Malformed("a tag key has 32 bytes")
        self.month = month
        # The keyed first block is computed once; each tag starts from a copy of that state.
        self._person = blake2b(key=key, digest_size=TAG_BYTES, person=_PERSON)
        self._number = blake2b(key=key, digest_size=TAG_BYTES, person=_NUMBER)
        guess_key = blake2b(key=key, digest_size=KEY_BYTES, person=_GUESS).digest()
        # One block a subject and no two alike: the cipher as a keyed permutation, for which no mode of use is needed.
        self._guess = Cipher(algorithms.AES256(guess_key), modes.ECB())  # noqa: S305

    def person(self, person_id: int) -> bytes:
        """Tag of a person by the registry's own identifier."""
        state = self._person.copy()
        state.update(person_id.to_bytes(8, "big"))
        return state.digest()

    def number(self, number: str) -> bytes:
        """Tag of a 12-digit number that was asked for and not found or not resolved."""
        state = self._number.copy()
        state.update(number.encode("ascii"))
        return state.digest()

    def people(self, person_ids: Iterable[int]) -> bytes:
        """The tags of many people, concatenated in order, as an entry holds them."""
        copy = self._person.copy
        tags: list[bytes] = []
        for person_id in person_ids:
            state = copy()
            state.update(person_id.to_bytes(8, "big"))
            tags.append(state.digest())
        return b"".join(tags)

    def numbers(self, numbers: Iterable[str]) -> bytes:
        """The tags of many numbers, concatenated in order."""
        return b"".join([self.number(number) for number in numbers])

    def guesses(self, subjects: Iterable[int | str]) -> bytes:
        """Tags in a domain of their own of people, by id, and of numbers that nobody visible has; joined in order.

        Every subject of a verification has one, so they are made a thousand at once. Raises Malformed for a text of
        more than 16 characters.
        """
        blocks = [
            subject.to_bytes(TAG_BYTES, "big") if isinstance(subject, int) else subject.encode("ascii").ljust(TAG_BYTES)
            for subject in subjects
        ]
        plain = b"".join(blocks)
        if len(plain) != TAG_BYTES * len(blocks):
            raise Malformed("no number has more than 16 digits")
        encryptor = self._guess.encryptor()
        return encryptor.update(plain) + encryptor.finalize()
