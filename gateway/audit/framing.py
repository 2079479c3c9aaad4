"""The private protocol between gateway workers and the sequencer: length-prefixed messages on a Unix socket.

message  = u32 length of the rest, u8 type, body
HELLO    = origin in UTF-8, sent by the sequencer on every new connection
RECORD   = items of u64 request id, u32 entry length, u32 detail length, u32 charges length, entry, detail, charges
RECORDED = u64 first index, u32 count, u32 key id, 64 B signature of the commit, then items of
           u64 request id, u8 status, u64 index, 32 B leaf hash, u8 path length, path of 32 B hashes
REFUSED  = what was not recorded because a charge was refused: items as `charges.pack_refusal` writes them
ADMIT    = items of u64 request id, u16 length, a demand as `permits.Demand.encode` writes it
ADMITTED = items of u64 request id, u8 ground (0: let in), u8 position of the limit, u64 microseconds to wait
RELEASE, HOLD = items of u32 count, u16 length, name of a permit: given back; held, said on a new connection
STATS    = u64 request id;  STATS_REPLY = u64 request id, JSON
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from gateway.audit.charges import CHARGES_BYTES_MAX
from gateway.audit.entry import ENTRY_BYTES_MAX
from gateway.audit.errors import Malformed
from gateway.audit.receipt import Commit, Receipt
from gateway.audit.tiles import DETAIL_BYTES_MAX

MESSAGE_BYTES_MAX = 8 << 20
HELLO, RECORD, RECORDED, STATS, STATS_REPLY = 1, 2, 3, 4, 5
REFUSED, ADMIT, ADMITTED, RELEASE, HOLD = 6, 7, 8, 9, 10
STATUS_RECORDED = 0

_PREFIX = struct.Struct(">IB")
_ITEM = struct.Struct(">QIII")
_COMMIT = struct.Struct(">QII64s")
_RECEIPT = struct.Struct(">QBQ32sB")


def message(kind: int, *parts: bytes) -> bytes:
    """One framed message."""
    return b"".join((_PREFIX.pack(1 + sum(map(len, parts)), kind), *parts))


class Splitter:
    """Cuts a byte stream into messages. After Malformed the stream is lost."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The (type, body) of every message that is complete now. Raises Malformed."""
        raw = self._rest + data if self._rest else data
        messages: list[tuple[int, bytes]] = []
        at = 0
        while len(raw) - at >= _PREFIX.size:
            length, kind = _PREFIX.unpack_from(raw, at)
            if not 1 <= length <= MESSAGE_BYTES_MAX:
                raise Malformed(f"a message of {length} bytes is not accepted")
            end = at + 4 + length
            if end > len(raw):
                break
            messages.append((kind, raw[at + _PREFIX.size : end]))
            at = end
        self._rest = raw[at:]
        return messages


Item = tuple[int, bytes, bytes, bytes]
"""What a worker wants recorded: request id, entry, detail, encoded charges (empty for none)."""


def pack_item(request_id: int, entry: bytes, detail: bytes, charges: bytes = b"") -> bytes:
    """One item of a RECORD message."""
    return _ITEM.pack(request_id, len(entry), len(detail), len(charges)) + entry + detail + charges


def unpack_items(body: bytes) -> list[Item]:
    """The items of a RECORD message. Raises Malformed."""
    items: list[Item] = []
    at, end = 0, len(body)
    while at < end:
        if end - at < _ITEM.size:
            raise Malformed("a record ends inside its lengths")
        request_id, entry_bytes, detail_bytes, charges_bytes = _ITEM.unpack_from(body, at)
        if entry_bytes > ENTRY_BYTES_MAX or detail_bytes > DETAIL_BYTES_MAX or charges_bytes > CHARGES_BYTES_MAX:
            raise Malformed("an entry, detail or charge is too long")
        start = at + _ITEM.size
        middle = start + entry_bytes
        after = middle + detail_bytes
        at = after + charges_bytes
        items.append((request_id, body[start:middle], body[middle:after], body[after:at]))
    if at != end or not items:
        raise Malformed("the lengths of a record do not fill it")
    return items


def pack_receipts(request_ids: Sequence[int], commit: Commit, start: int) -> bytes:
    """A RECORDED message: the entries of the commit from number `start` answer these requests, in order."""
    parts = [_COMMIT.pack(commit.first, len(commit.leaves), commit.key_id, commit.signature)]
    pack = _RECEIPT.pack
    leaves, paths, first = commit.leaves, commit.paths, commit.first
    for at, request_id in enumerate(request_ids, start):
        path = paths[at]
        parts.append(pack(request_id, STATUS_RECORDED, first + at, leaves[at], len(path)))
        parts += path
    return message(RECORDED, *parts)


def unpack_receipts(body: bytes, origin: str) -> list[tuple[int, int, Receipt]]:
    """The (request id, status, receipt) of a RECORDED message. Raises Malformed."""
    try:
        first, count, key_id, signature = _COMMIT.unpack_from(body)
        receipts: list[tuple[int, int, Receipt]] = []
        at = _COMMIT.size
        while at < len(body):
            request_id, status, index, leaf, length = _RECEIPT.unpack_from(body, at)
            start = at + _RECEIPT.size
            at = start + 32 * length
            path = tuple([body[node : node + 32] for node in range(start, at, 32)])
            receipts.append((request_id, status, Receipt(origin, index, leaf, first, count, path, signature, key_id)))
    except struct.error:
        raise Malformed("a reply of the sequencer ends early") from None
    if at != len(body):
        raise Malformed("a reply of the sequencer ends early")
    return receipts


def pack_request_id(request_id: int) -> bytes:
    """The body of a STATS message and the start of its reply."""
    return request_id.to_bytes(8, "big")


def unpack_request_id(body: bytes) -> int:
    """The request id a STATS message or reply starts with. Raises Malformed."""
    if len(body) < 8:
        raise Malformed("a request id has 8 bytes")
    return int.from_bytes(body[:8], "big")
