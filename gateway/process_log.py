"""What the processes of a gateway write to standard error: of an error its kind and its places, never its text.

The text of an unforeseen error quotes what it stumbled over, which may be a person's data.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog


def configure(place: str) -> None:
    """JSON lines for our own events, plain lines for those of libraries; `place` names the process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _without_text,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=place)
    handler = logging.StreamHandler()
    handler.setFormatter(LibraryFormatter(f"%(levelname)s {place}: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def kinds_and_places(error: BaseException | None) -> str:
    """The chain of an error, from the last to the first: the classes and the lines of code they passed."""
    lines: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        lines.extend(
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


class LibraryFormatter(logging.Formatter):
    """Formats what libraries log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The first line: asyncio describes the failed task, its error's text included, in the further ones."""
        record.message = record.message.partition("\n")[0]
        return super().formatMessage(record)

    def formatException(  # noqa: N802
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Kinds and places."""
        return kinds_and_places(ei[1])


def _without_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    if given:
        event["exception"] = kinds_and_places(given if isinstance(given, BaseException) else sys.exc_info()[1])
    return event
