"""A batch's answer with fewer people in it, when the day's quota has room for some of them only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.api.v1 import reason_pb2
from gateway.chain.base import Answer
from gateway.chain.charges import Recompose, Smaller

_EXHAUSTED = reason_pb2.ERROR_REASON_QUOTA_EXHAUSTED


def fewer_people(response_class: Any) -> Recompose:
    """Makes an answer smaller: its first people stay, the others are refused in their places.

    `response_class` has `results`, each with a `person` or a `reason`, and `people_count`. Whoever is refused stays
    among the entry's subjects: the question was asked.
    """

    def recompose(answer: Answer, smaller: Smaller) -> Answer:
        body = answer.body if isinstance(answer.body, bytes) else answer.body.SerializeToString()
        response = response_class.FromString(body)
        left = answer.people if smaller.people_max is None else smaller.people_max
        people = 0
        for result in response.results:
            if not result.HasField("person"):
                continue
            if people < left:
                people += 1
                continue
            reference = result.reference
            result.Clear()
            result.reference = reference
            result.reason = _EXHAUSTED
        response.people_count = people
        return replace(answer, body=response, people=people)

    return recompose
