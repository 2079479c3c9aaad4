"""Checkpoints: the specification's own example parses, and every other spelling is refused."""

from __future__ import annotations

import pytest

from gateway.audit.checkpoint import Checkpoint, from_text, open_checkpoint
from gateway.audit.errors import Inconsistent, Malformed
from tests.unit.audit.records import ORIGIN, make_keys

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_specification_parses_and_prints_the_same() -> None:
    text = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
    checkpoint = from_text(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text


@pytest.mark.parametrize("size", ["", "01", "+1", "-1", "1_0", " 1", "١", "1" * 21])
def test_a_size_has_one_spelling(size: str) -> None:
    with pytest.raises(Malformed):
        from_text(f"origin\n{size}\n{ROOT}\n")


@pytest.mark.parametrize("text", ["", "\n1\n" + ROOT + "\n", f"o\n1\n{ROOT}", f"o\n1\n{ROOT}\nmore\n", "o\n1\nAAAA\n"])
def test_other_shapes_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        from_text(text)


def test_a_checkpoint_speaks_for_the_log_whose_key_signed_it() -> None:
    signer = make_keys().log
    checkpoint = Checkpoint(ORIGIN, 3, bytes(32))
    assert open_checkpoint(checkpoint.signed(signer), signer.verifier) == checkpoint
    with pytest.raises(Inconsistent, match="speaks for"):
        open_checkpoint(Checkpoint("other", 3, bytes(32)).signed(signer), signer.verifier)
