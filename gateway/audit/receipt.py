"""Receipts: the log's signed promise, given with every answer, that an entry stands at an index."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit.errors import Inconsistent, Malformed
from gateway.audit.note import Signer, Verifier
from gateway.audit.tree import HASH_BYTES, levels_of, paths_in, root_from_path

RECEIPT_KEY_SUFFIX = "/receipts"
COMMITS_REMEMBERED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Receipt:
    """The entry with `leaf_hash` was made durable at `index` by the commit of `commit_count` entries from
    `commit_first`. `path` leads from the leaf to the root of that commit's own tree, which `signature` (raw
    Ed25519, key `key_id`) covers."""

    origin: str
    index: int
    leaf_hash: bytes
    commit_first: int
    commit_count: int
    path: tuple[bytes, ...]
    signature: bytes
    key_id: int


def receipt_key_name(origin: str) -> str:
    """The name under which the log signs its commits."""
    return origin + RECEIPT_KEY_SUFFIX


def commit_text(origin: str, first: int, count: int, root: bytes) -> bytes:
    """The signed statement about one commit."""
    encoded = base64.b64encode(root).decode()
    return f"{origin}{RECEIPT_KEY_SUFFIX}\n{first} {count}\n{encoded}\n".encode()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the log, signed: entry `first + n` has leaf hash `leaves[n]` and path `paths[n]`."""

    origin: str
    first: int
    leaves: Sequence[bytes]
    paths: Sequence[tuple[bytes, ...]]
    signature: bytes
    key_id: int

    @classmethod
    def signed(cls, origin: str, first: int, leaves: Sequence[bytes], signer: Signer) -> Commit:
        """Sign for the leaf hashes of one commit, all under one signature."""
        levels = levels_of(leaves)
        signature = signer.sign(commit_text(origin, first, len(leaves), levels[-1][0]))
        return cls(origin, first, leaves, paths_in(levels), signature, signer.verifier.key_id)

    def receipts(self) -> list[Receipt]:
        """One receipt for each entry of the commit."""
        count = len(self.leaves)
        return [
            Receipt(self.origin, self.first + at, leaf, self.first, count, path, self.signature, self.key_id)
            for at, (leaf, path) in enumerate(zip(self.leaves, self.paths, strict=True))
        ]


def sign_commit(origin: str, first: int, leaves: Sequence[bytes], signer: Signer) -> list[Receipt]:
    """One receipt for each leaf hash of a commit, all under one signature."""
    return Commit.signed(origin, first, leaves, signer).receipts()


class ReceiptVerifier:
    """Checks receipts against the log's receipt keys, retired ones too; a commit's signature is checked once and
    remembered."""

    def __init__(self, *verifiers: Verifier) -> None:
        """`verifiers`: at least one, all of one name. Raises Malformed."""
        if len({verifier.name for verifier in verifiers}) != 1:
            raise Malformed("the verifier lines of receipts are of one log")
        self._verifiers = {verifier.key_id: verifier for verifier in verifiers}
        self._name = verifiers[0].name
        self._seen: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()

    @classmethod
    def from_text(cls, vkeys: str) -> ReceiptVerifier:
        """From vkey lines, one a key. Raises Malformed."""
        return cls(*(Verifier.from_text(line) for line in vkeys.strip().split("\n")))

    def text(self) -> str:
        """The vkey lines, without a newline at the end."""
        return "\n".join(verifier.text() for verifier in self._verifiers.values())

    def knows(self, key_id: int) -> bool:
        """Whether one of the keys has this id."""
        return key_id in self._verifiers

    def check(self, receipt: Receipt) -> None:
        """Raises Inconsistent unless the log's key signed this leaf at this index."""
        if receipt_key_name(receipt.origin) != self._name:
            raise Inconsistent(f"the receipt is of {receipt.origin}, the key of {self._name}")
        verifier = self._verifiers.get(receipt.key_id)
        if verifier is None:
            raise Inconsistent(f"the receipt names key {receipt.key_id:08x}, which is not the one given")
        if len(receipt.leaf_hash) != HASH_BYTES or any(len(node) != HASH_BYTES for node in receipt.path):
            raise Inconsistent("a hash of the receipt has not 32 bytes")
        root = root_from_path(
            receipt.leaf_hash, receipt.index - receipt.commit_first, receipt.commit_count, receipt.path
        )
        text = commit_text(receipt.origin, receipt.commit_first, receipt.commit_count, root)
        known = (text, receipt.signature)
        if known in self._seen:
            self._seen.move_to_end(known)
            return
        verifier.check(receipt.signature, text)
        self._seen[known] = None
        if len(self._seen) > COMMITS_REMEMBERED_MAX:
            self._seen.popitem(last=False)


def verify_receipt(receipt: Receipt, vkey: str) -> None:
    """Check one receipt against a vkey line. Raises Malformed or Inconsistent."""
    ReceiptVerifier.from_text(vkey).check(receipt)
