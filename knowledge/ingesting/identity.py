"""Ids that the same content always gets again, by which a repeated or resumed ingestion finds what is there already."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from core.ids import derive_id
from knowledge.documents import Raw

FORMAT: Final = "1"
"""Part of every fingerprint; a new value makes every document be converted and cut anew at its next ingestion."""


def document_id(source_id: str, key: str) -> str:
    """Return the id of a source's document; `key` is the address it is read from, or the name of a file."""
    return derive_id("knowledge_document", source_id, key)


def chunk_ids(document: str, content_hashes: Sequence[bytes]) -> tuple[str, ...]:
    """Return the id of each chunk of a document, in order; equal chunks are told apart by how many came before."""
    seen: Counter[bytes] = Counter()
    ids = []
    for content_hash in content_hashes:
        ids.append(derive_id("knowledge_chunk", document, content_hash.hex(), str(seen[content_hash])))
        seen[content_hash] += 1
    return tuple(ids)


def fingerprint(raw: Raw, *rules: object) -> bytes:
    """Return the SHA-256 of what was read and of every rule by which it is turned into chunks."""
    digest = sha256(repr((FORMAT, raw.name, raw.media_type, raw.url, *rules)).encode())
    digest.update(raw.content)
    return digest.digest()
