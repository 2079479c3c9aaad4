"""What can go wrong in the audit log; every error carries the evidence needed to find the place."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

_VIETNAM: Final = timezone(timedelta(hours=7))


class AuditError(Exception):
    """Root of the audit log's errors. The text is for operators and auditors and holds no personal data."""


class Malformed(AuditError):
    """Bytes or text that do not follow their declared format."""


class Inconsistent(AuditError):
    """A proof, signature or commitment that does not match what it speaks about."""


class KeyUnavailable(AuditError):
    """A key that was never created, was destroyed at the end of its retention, or has the wrong shape."""


class LogRefused(AuditError):
    """The log may not be created or opened: what exists is in the way or contradicts what was signed."""


class LogFailed(AuditError):
    """The log could not be written or synced. It must not be used again in this process."""


class Tampered(AuditError):
    """Offline verification failed; `index`, `file`, `agency`, `method`, `time_us` say where, when known."""

    def __init__(
        self,
        message: str,
        *,
        index: int | None = None,
        file: str | None = None,
        agency: str | None = None,
        method: str | None = None,
        time_us: int | None = None,
    ) -> None:
        self.index = index
        self.file = file
        self.agency = agency
        self.method = method
        self.time_us = time_us
        place = [
            f"{name} {value}"
            for name, value in (
                ("entry", index),
                ("file", file),
                ("agency", agency),
                ("method", method),
                ("time", None if time_us is None else _local(time_us)),
            )
            if value is not None
        ]
        super().__init__(f"{message} ({', '.join(place)})" if place else message)


def _local(time_us: int) -> str:
    """A log time, microseconds since 1970, in Viet Nam's; the number itself where an altered entry holds no date."""
    try:
        return datetime.fromtimestamp(time_us / 1e6, _VIETNAM).strftime("%d/%m/%Y %H:%M:%S +07:00")
    except (ValueError, OverflowError, OSError):
        return f"{time_us} us"
