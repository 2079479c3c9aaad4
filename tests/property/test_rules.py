"""Any bytes and any text to any method: a message, or a caller's mistake that repeats nothing of what was sent."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.v1 import lookup_service_pb2, sync_service_pb2
from gateway.chain.base import Call
from gateway.chain.decode import decode
from gateway.chain.methods import compile_methods
from gateway.errors import CallerMistake

METHODS = compile_methods()
NAMES = st.sampled_from(sorted(METHODS))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=140)


def _mistakes(method: str, request: bytes) -> list[str]:
    """What the caller is told is wrong; empty when nothing is."""
    try:
        decode(Call(METHODS[method], bytes(16), request))
    except CallerMistake as error:
        return [str(error), *(f"{each.field}: {each.description}" for each in error.violations)]
    return []


@settings(max_examples=300, deadline=None)
@given(NAMES, st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_mistake(method: str, raw: bytes) -> None:
    assert len(_mistakes(method, raw)) <= 17


@settings(max_examples=200, deadline=None)
@given(NAMES, st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_a_message_or_a_mistake(method: str, at: int, flip: int) -> None:
    raw = bytearray(METHODS["Push"].request_class(context=_context("a.b")).SerializeToString() * 2)
    raw[at % len(raw)] ^= flip
    _mistakes(method, bytes(raw))


def _context(purpose: str, case: str = "c", officer: str = "o") -> dict[str, str]:
    return {"purpose": purpose, "legal_basis": "law:1", "case_reference": case, "officer": officer}


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_a_mistake_does_not_repeat_the_value(number: str, purpose: str, case: str) -> None:
    marked = [f"\x01{text}\x01" for text in (number, purpose, case)]
    request = lookup_service_pb2.LookUpPersonRequest(number=marked[0], context=_context(marked[1], marked[2]))
    told = _mistakes("LookUpPerson", request.SerializeToString())
    assert told
    assert not any("\x01" in sentence for sentence in told)


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_a_text_that_passes_is_bounded_and_prints(case: str) -> None:
    request = lookup_service_pb2.LookUpPersonRequest(number="001090000001", context=_context("a.b", case))
    if not _mistakes("LookUpPerson", request.SerializeToString()):
        assert 0 < len(case.encode()) <= 128
        assert not any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in case)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.builds(sync_service_pb2.PushItem, reference=TEXT), max_size=30))
def test_a_list_of_anything_is_bounded_in_what_it_tells(items: list[sync_service_pb2.PushItem]) -> None:
    request = sync_service_pb2.PushRequest(context=_context("a.b"), items=items)
    assert len(_mistakes("Push", request.SerializeToString())) <= 17


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, st.just("") | st.text("ab", max_size=66) | TEXT), min_size=1, max_size=4))
def test_items_looked_at_together_are_refused_as_they_are_one_by_one(items: list[tuple[str, str]]) -> None:
    def told(each: list[tuple[str, str]]) -> list[str]:
        rows = [lookup_service_pb2.LookUpItem(number=number, reference=reference) for number, reference in each]
        request = lookup_service_pb2.BatchLookUpPersonsRequest(
            items=rows, context=_context("a.b"), field_mask=FieldMask(paths=["name"])
        )
        return _mistakes("BatchLookUpPersons", request.SerializeToString())[1:]

    alone = [told([item]) for item in items]
    assert told(items) == [
        sentence.replace("[0]", f"[{at}]") for at, sentences in enumerate(alone) for sentence in sentences
    ]
