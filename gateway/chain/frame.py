"""The frame around each message of a stream: the same three lines of contract for every streamed method.

Request: `batch` = 1, the request of the batch method; `call_id` = 2. Response: `batch` = 1, the answer of the batch
method with its receipt; `refusal` = 2; `sequence` = 3; `call_id` = 4. Written as bytes, since the answer is bytes
already: its digest stands in the log, and serialising it twice would cost as much as building it.
"""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor
from google.rpc import status_pb2

from gateway.wire import varint

REQUEST_FIELDS = {"batch": 1, "call_id": 2}
RESPONSE_FIELDS = {"batch": 1, "refusal": 2, "sequence": 3, "call_id": 4}
_BATCH, _REFUSAL, _SEQUENCE, _CALL_ID = b"\x0a", b"\x12", b"\x18", b"\x22"


def check_frames(request: Descriptor, response: Descriptor) -> None:
    """Raises RuntimeError when the messages of a streamed method are not such frames."""
    for message, fields in ((request, REQUEST_FIELDS), (response, RESPONSE_FIELDS)):
        if {field.name: field.number for field in message.fields} != fields:
            raise RuntimeError(f"the contract's message {message.full_name} is not the frame of a stream")


def answer_frame(batch: bytes, sequence: int, call_id: bytes) -> bytes:
    """The frame of a batch that was answered."""
    return b"".join((_BATCH, varint(len(batch)), batch, *_tail(sequence, call_id)))


def refusal_frame(refusal: status_pb2.Status, sequence: int, call_id: bytes) -> bytes:
    """The frame of a batch that was refused while the stream goes on."""
    raw = refusal.SerializeToString()
    return b"".join((_REFUSAL, varint(len(raw)), raw, *_tail(sequence, call_id)))


def _tail(sequence: int, call_id: bytes) -> tuple[bytes, ...]:
    text = call_id.hex().encode()
    return _SEQUENCE, varint(sequence), _CALL_ID, varint(len(text)), text
