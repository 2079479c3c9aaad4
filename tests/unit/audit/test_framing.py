"""Messages between workers and sequencer: whole or refused, however the bytes arrive."""

from __future__ import annotations

import pytest

from gateway.audit import framing
from gateway.audit.errors import Malformed
from gateway.audit.receipt import Commit
from gateway.audit.tree import leaf_hash
from tests.unit.audit.records import ORIGIN, make_keys


def test_messages_survive_any_cut_of_the_stream() -> None:
    stream = framing.message(framing.RECORD, b"one") + framing.message(framing.STATS, b"", b"two")
    for step in (1, 2, 3, 7, len(stream)):
        splitter = framing.Splitter()
        messages = [item for at in range(0, len(stream), step) for item in splitter.feed(stream[at : at + step])]
        assert messages == [(framing.RECORD, b"one"), (framing.STATS, b"two")]


@pytest.mark.parametrize("head", [bytes(5), b"\xff\xff\xff\xff\x02"])
def test_empty_and_oversized_messages_are_refused(head: bytes) -> None:
    with pytest.raises(Malformed):
        framing.Splitter().feed(head)


def test_items_round_trip_and_incomplete_ones_are_refused() -> None:
    body = framing.pack_item(1, b"entry", b"") + framing.pack_item(2, b"e", b"detail", b"charges")
    assert framing.unpack_items(body) == [(1, b"entry", b"", b""), (2, b"e", b"detail", b"charges")]
    for end in (0, 3, 17, len(body) - 1):
        with pytest.raises(Malformed):
            framing.unpack_items(body[:end])


def test_receipts_round_trip() -> None:
    commit = Commit.signed(ORIGIN, 50, [leaf_hash(b"%d" % n) for n in range(5)], make_keys().receipt)
    receipts = commit.receipts()
    (message,) = framing.Splitter().feed(framing.pack_receipts([7, 8], commit, 2))
    assert message[0] == framing.RECORDED
    assert framing.unpack_receipts(message[1], ORIGIN) == [(7, 0, receipts[2]), (8, 0, receipts[3])]
    for end in (10, 79, 90, len(message[1]) - 1):
        with pytest.raises(Malformed):
            framing.unpack_receipts(message[1][:end], ORIGIN)
