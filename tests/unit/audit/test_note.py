"""Signed notes: the published example of another implementation verifies, and nothing sloppy parses."""

from __future__ import annotations

import pytest

from gateway.audit.errors import Inconsistent, Malformed
from gateway.audit.note import Verifier, parse, strict_base64
from tests.unit.audit.records import make_keys

# The worked example in the documentation of Go's golang.org/x/mod/sumdb/note.
FOREIGN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
FOREIGN_NOTE = (
    FOREIGN_TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfq"
    "dngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_a_note_of_another_implementation_verifies() -> None:
    assert Verifier.from_text(FOREIGN_VKEY).open_note(FOREIGN_NOTE) == FOREIGN_TEXT


def test_a_signed_note_verifies_and_the_vkey_line_round_trips() -> None:
    signer = make_keys().log
    vkey = signer.verifier.text()
    assert Verifier.from_text(vkey + "\n").text() == vkey
    assert Verifier.from_text(vkey).open_note(signer.sign_note("one\n\ntwo\n")) == "one\n\ntwo\n"


def test_signatures_of_unknown_keys_are_ignored() -> None:
    mine, other = make_keys(1).log, make_keys(2).log
    lines = other.sign_note("text\n").decode().split("\n\n")[1]
    note = mine.sign_note("text\n") + lines.encode()
    assert mine.verifier.open_note(note) == "text\n"
    with pytest.raises(Inconsistent, match="no signature"):
        make_keys(3).log.verifier.open_note(note)


def test_an_altered_text_does_not_verify() -> None:
    note = make_keys().log.sign_note("text\n").replace(b"text", b"tent")
    with pytest.raises(Inconsistent, match="does not verify"):
        make_keys().log.verifier.open_note(note)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAAAAAA".encode(),
        "text\n\n— name AAAAA\n".encode(),
        "text\n\n— name  AAAAAAAA\n".encode(),
        "text\n\n— na+me AAAAAAAA\n".encode(),
        "text\n\n— name AAAA\n".encode(),
        "te\rxt\n\n— name AAAAAAAA\n".encode(),
        "te\txt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\n\n" + "— name AAAAAAAA\n".encode(),
        b"text\n\n" + "— name AAAAAAAA\n".encode() * 65,
    ],
)
def test_sloppy_notes_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse(raw)


@pytest.mark.parametrize(
    "vkey",
    ["", "name", "name+00000000", FOREIGN_VKEY.replace("c74f20a3", "c74f20a4"), "n+1+AhAA", "a b+00000000+ARpc"],
)
def test_sloppy_verifier_keys_are_malformed(vkey: str) -> None:
    with pytest.raises(Malformed):
        Verifier.from_text(vkey)


@pytest.mark.parametrize("text", ["AB==", "AA=", "A A=", "AA==\n", "é", "AA-_"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(Malformed):
        strict_base64(text)
