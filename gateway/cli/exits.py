"""Exit codes of the command, the same for every sub-command, for those who call it from a program."""

from __future__ import annotations

from typing import Final

REFUSED: Final = 1
"""Refused or failed."""
USAGE: Final = 2
"""Wrong options, or an identity folder or file that cannot be used."""
NO_CONNECTION: Final = 3
"""No connection, or no answer in time."""
NO_EVIDENCE: Final = 4
"""A receipt or log that does not verify."""
INTERRUPTED: Final = 130
"""Ctrl-C."""
