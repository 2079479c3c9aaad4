"""The guess budget: how often a caller may be wrong about one person in a day. Pure.

Who asks yes or no until the answer is yes has learned what it was not told. So wrong answers about a person are
counted, and after too many of them the person is not answered about before the next day, even where the answer would
be yes: a last lucky guess would tell. Each caller (an agency's units are callers of their own) has its budget. Those
that are no state bodies share another one, over all of them together, of which each uses up a part at most; state
bodies do not count in it and are not held by it, so that nobody can use up a patient's budget in front of a hospital.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gateway.api.v1 import options_pb2
from gateway.audit.charges import Charges, Guesses

if TYPE_CHECKING:
    from gateway.agency.grants import Grant
    from gateway.chain.base import Call

GUESSES_PER_DAY = 5
"""Wrong answers about one person to one caller, where its grant says nothing else."""
SHARED_GUESSES_PER_DAY = 15
"""Wrong answers about one person to all callers together that are no state bodies."""

_STATE = frozenset(
    (
        options_pb2.AGENCY_CLASS_POLICE,
        options_pb2.AGENCY_CLASS_JUSTICE,
        options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE,
        options_pb2.AGENCY_CLASS_HEALTH,
        options_pb2.AGENCY_CLASS_PROVINCE,
        options_pb2.AGENCY_CLASS_MINISTRY,
        options_pb2.AGENCY_CLASS_FINANCE,
        options_pb2.AGENCY_CLASS_LAND,
        options_pb2.AGENCY_CLASS_EDUCATION,
        options_pb2.AGENCY_CLASS_HOME_AFFAIRS,
        options_pb2.AGENCY_CLASS_PORTAL,
        options_pb2.AGENCY_CLASS_AUDITOR,
        options_pb2.AGENCY_CLASS_OPERATOR,
    )
)


def is_state(agency_class: int) -> bool:
    """Whether a number of `AgencyClass` is that of a state body."""
    return agency_class in _STATE


def guess_limit(grant: Grant) -> int:
    """Wrong answers about one person in a day under a grant."""
    return grant.guesses_per_day or GUESSES_PER_DAY


class GuessTags(NamedTuple):
    """Tags of subjects in the guess budget's domain, 16 bytes each, joined; `month`: YYYYMM of their key."""

    month: int
    tags: bytes


def guess_charges(call: Call, tags: GuessTags, missed: Sequence[bool]) -> Charges:
    """What an answer to yes/no questions uses up: every subject's budget, and a guess of those who were `missed`.

    `tags`: of `Recorder.guess_tags`, one for each subject in the order of the questions, those included whom nobody
    visible is: their answers must cost the same. `missed`: one for each, whether anything but a match was answered.
    """
    assert call.grant is not None
    if not missed:
        return Charges()
    shared = 0 if is_state(call.agency_class) else SHARED_GUESSES_PER_DAY
    return Charges(guesses=Guesses(tags.month, guess_limit(call.grant), shared, tags.tags, bytes(missed)))
