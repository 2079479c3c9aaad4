"""Refusals of this role alone; the tree and its rules are in `gateway.errors`."""

from __future__ import annotations

from gateway.errors import Refused


class TooManyFound(Refused):
    """More people match than are told; `metadata` says how many, or at least how many."""

    reason = "TOO_MANY_FOUND"
    sentence = "More people match than are told; state more of what is known of the person."


class NumberAmbiguous(Refused):
    """Several people have the number; `metadata` says how many."""

    reason = "NUMBER_AMBIGUOUS"
    sentence = "Several people have this number; say what kind it is, or look the person up by other facts."


class IdentifierWithheld(Refused):
    """Nothing is left of the mask but identifiers for which there is no pairwise token."""

    reason = "IDENTIFIER_WITHHELD"
    sentence = "All the fields asked for are identifiers, which this agency does not see; ask for others."
