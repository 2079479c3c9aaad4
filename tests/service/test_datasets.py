"""Look-ups and pulls over the linked datasets, with a grant that covers every other one of them."""

from __future__ import annotations

from collections.abc import Callable

import grpc
import pytest

from gateway.api.v1 import lookup_service_pb2, sync_service_pb2
from registry.linked import LINKED
from tests.caller import PULL, Caller, pull_request
from tests.gateway import AGENCIES
from tests.world import FULL, number_of

MINISTRY = AGENCIES["ministry"].context
GRANTED = frozenset(sorted(LINKED)[::2])


@pytest.fixture
def ministry(caller_of: Callable[[str], Caller]) -> Caller:
    """Is granted every other linked dataset."""
    return caller_of("ministry")


@pytest.mark.parametrize("name", sorted(GRANTED))
def test_a_granted_dataset_is_answered_whole(name: str, ministry: Caller) -> None:
    reply = ministry.look_up(number_of(FULL), [name], MINISTRY)
    assert reply.code is grpc.StatusCode.OK
    answer = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
    assert not answer.withheld
    held = getattr(answer.person, name)
    (message,) = held if LINKED[name].many else (held,)
    assert {field.name for field, _ in message.ListFields()} == set(LINKED[name].columns)


def test_all_datasets_at_once_are_trimmed_to_the_grant(ministry: Caller) -> None:
    reply = ministry.look_up(number_of(FULL), sorted(LINKED), MINISTRY)
    answer = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
    assert {field.name for field, _ in answer.person.ListFields()} == GRANTED
    assert {each.path.partition(".")[0] for each in answer.withheld} == LINKED.keys() - GRANTED


def test_who_has_nothing_in_a_dataset_is_answered_with_nothing(ministry: Caller) -> None:
    reply = ministry.look_up(number_of(20), sorted(GRANTED), MINISTRY)
    answer = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
    assert reply.code is grpc.StatusCode.OK
    assert not answer.person.ListFields()


def test_a_follower_pulls_linked_datasets_too(ministry: Caller) -> None:
    reply = ministry.call(PULL, pull_request(["number", *sorted(GRANTED)], MINISTRY))
    page = sync_service_pb2.PullResponse.FromString(reply.body)
    full = next(each.person for each in page.people if each.person.number == number_of(FULL))
    assert {field.name for field, _ in full.ListFields()} == {"number", *GRANTED}
