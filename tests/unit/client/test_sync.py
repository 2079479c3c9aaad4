"""Pulling and pushing through a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.api.v1 import person_pb2, sync_service_pb2
from gateway.client import Context, PushItem, ReceiptLog
from gateway.client.receipts import read_receipts
from gateway.client.sync import PULL, PUSH


def page(request: bytes) -> sync_service_pb2.PullResponse:
    """Three pages of two people; the cursor is the number of the page."""
    asked = sync_service_pb2.PullRequest.FromString(request)
    number = int(asked.cursor or b"0")
    answer = sync_service_pb2.PullResponse(next_cursor=str(number + 1).encode(), more=number < 2)
    for at in range(asked.people_max):
        answer.people.add(kind="PULL_KIND_SNAPSHOT", version=1).person.number = f"{number:011}{at}"
    return answer


async def test_pages_are_followed_until_there_is_no_more(gateway: Any, context: Context) -> None:
    gateway.on(PULL, page)
    async with gateway.client() as client:
        pages = [page async for page in client.follow_pages(fields=["number"], context=context, people_max=2)]
    assert [each.next_cursor for each in pages] == [b"1", b"2", b"3"]
    assert [len(each.people) for each in pages] == [2, 2, 2]


async def test_following_goes_on_from_a_cursor(gateway: Any, context: Context) -> None:
    gateway.on(PULL, page)
    async with gateway.client() as client:
        pages = [
            page async for page in client.follow_pages(fields=["number"], context=context, cursor=b"2", people_max=2)
        ]
    assert [each.next_cursor for each in pages] == [b"3"]


async def test_receipts_count_the_people_of_a_page(gateway: Any, context: Context, tmp_path: Path) -> None:
    gateway.on(PULL, page)
    path = tmp_path / "receipts.jsonl"
    async with gateway.client(receipt_log=ReceiptLog(path)) as client:
        await client.pull(fields=["number"], context=context, people_max=2)
    assert [(each.agency, each.method, each.people) for each in read_receipts(path)] == [
        ("hospital", "IssueToken", 0),
        ("hospital", "Pull", 2),
    ]


async def test_push_tells_what_became_of_each_item(gateway: Any, context: Context) -> None:
    answer = sync_service_pb2.PushResponse()
    answer.results.add(reference="a", outcome="PUSH_OUTCOME_APPLIED", version=2)
    answer.results.add(reference="b", outcome="PUSH_OUTCOME_REFUSED", reason="ERROR_REASON_PERSON_UNAVAILABLE")
    gateway.on(PUSH, answer)
    items = [PushItem(name, person_pb2.Person(number="001200000001")) for name in ("a", "b")]
    async with gateway.client() as client:
        done = await client.push(items, fields=["social_insurance.status"], context=context)
    assert [(each.reference, each.outcome, each.reason, each.version) for each in done.results] == [
        ("a", "APPLIED", "", 2),
        ("b", "REFUSED", "PERSON_UNAVAILABLE", 0),
    ]
