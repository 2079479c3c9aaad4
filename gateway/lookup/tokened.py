"""Takes the tokens of a pairwise agency wherever a number is taken: puts the number in place before the role sees it.

A text that is no token of this agency stays as it is: no number looks like it, so the role refuses it as malformed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.agency.predicates import SAME_HOUSEHOLD
from gateway.chain.base import Answer, Behaviour, Call
from gateway.chain.pauses import company
from gateway.chain.turns import Threads
from gateway.config import PEOPLE_PER_MESSAGE_MAX
from gateway.errors import RegistryUnavailable
from gateway.lookup.pairwise import HOUSEHOLD, PERSON, PairwiseKey, TokenMalformed
from registry.errors import RegistryError
from registry.finding import FindingStore

TOKENS_MAX = 4 * PEOPLE_PER_MESSAGE_MAX
"""For each person the number asked, number and household as claims, and somebody of the household."""
TOKENS_AT_A_STRETCH = 256

_Put = Callable[[str], None]
_NUMBERS = frozenset({"number", "household_number"})
"""Paths of values for which there are tokens."""


@dataclass(frozen=True, slots=True)
class Tokened:
    """A behaviour whose requests may name people by token."""

    behaviour: Behaviour
    key: PairwiseKey
    store: FindingStore
    threads: Threads

    async def __call__(self, call: Call, request: Any) -> Answer:
        """The behaviour's answer. Raises what it raises, RegistryUnavailable."""
        if call.right is not None and call.right.pairwise:
            await self._open(call.right.agency, request)
        return await self.behaviour(call, request)

    async def _open(self, agency: str, request: Any) -> None:
        tokens = self.key.tokens(agency)
        people: list[tuple[int, _Put]] = []
        households: list[tuple[int, _Put]] = []
        places = list(islice(_places(request), TOKENS_MAX + 1))
        if len(places) > TOKENS_MAX:
            return  # more people than a request may be about, or more values than people: the role refuses it
        for at, (text, put) in enumerate(places, 1):
            if at % TOKENS_AT_A_STRETCH == 0:
                await company.give_way()
            try:
                if text.startswith(PERSON):
                    people.append((tokens.person_id(text), put))
                elif text.startswith(HOUSEHOLD):
                    households.append((tokens.household_id(text), put))
            except TokenMalformed:
                continue
        for asked, read in ((people, self.store.numbers), (households, self.store.household_numbers)):
            if asked:
                try:
                    numbers = await self.threads.run(agency, read, [identifier for identifier, _ in asked])
                except RegistryError as error:
                    raise RegistryUnavailable from error
                for identifier, put in asked:
                    if identifier in numbers:
                        put(numbers[identifier])


def _places(request: Any) -> Iterator[tuple[str, _Put]]:
    """Each text of a request that names somebody, and how to set it."""
    fields = request.DESCRIPTOR.fields_by_name
    for name in ("number", "household_number"):
        if name in fields:
            yield getattr(request, name), _setter(request, name)
    if "numbers" in fields:
        for at, number in enumerate(request.numbers):
            yield number, _item_setter(request.numbers, at)
    for claim in request.claims if "claims" in fields else ():
        if claim.path in _NUMBERS:
            yield from _stated(claim)
    for question in request.questions if "questions" in fields else ():
        if question.predicate == SAME_HOUSEHOLD:
            yield from _stated(question)
    if "items" in fields:
        for item in request.items:
            holder = item if "number" in item.DESCRIPTOR.fields_by_name else item.person
            yield holder.number, _setter(holder, "number")


def _stated(stated: Any) -> Iterator[tuple[str, _Put]]:
    """What is stated of one person, or of many."""
    if "value" in stated.DESCRIPTOR.fields_by_name:
        yield stated.value, _setter(stated, "value")
    else:
        for at, value in enumerate(stated.values):
            yield value, _item_setter(stated.values, at)


def _setter(message: Any, name: str) -> _Put:
    return lambda number: setattr(message, name, number)


def _item_setter(numbers: Any, at: int) -> _Put:
    return lambda number: numbers.__setitem__(at, number)
