"""Reads what a server answered to `POST /embeddings`, and believes none of it unseen. Pure.

Clients do not check an answer: a list that is too short, in another order or of another length would be stored under
the wrong texts, and nobody would notice but the people who search.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from knowledge.embedding.embedder import Vector
from knowledge.embedding.provider import Answer, Garbled, WrongDimension


def read_answer(body: bytes, count: int, dimension: int) -> Answer:
    """Return the vectors for `count` texts, each of length 1, in the order of the texts.

    Raises:
        WrongDimension: the vectors have another length.
        Garbled: anything else that makes them useless; the text says what.
    """
    document = _document(body)
    rows = _in_order(document.get("data"), count)
    return Answer(tuple(_vector(row, dimension) for row in rows), _tokens(document.get("usage")))


def normalised(numbers: "np.typing.ArrayLike") -> Vector:
    """Return a read-only vector of length 1 in the same direction.

    Raises:
        Garbled: it holds something that is no finite number, or nothing but zeros.
    """
    try:
        vector = np.array(numbers, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise Garbled("a vector holds something else than numbers") from None
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length == 0:
        raise Garbled("a vector has no direction")
    vector /= length
    vector.setflags(write=False)
    return vector


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Garbled("the answer is no JSON") from None
    if not isinstance(document, dict):
        raise Garbled("the answer is no JSON object")
    return document


def _in_order(data: Any, count: int) -> list[dict[str, Any]]:
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Garbled("the answer has no list of vectors")
    if len(data) != count:
        raise Garbled(f"{len(data)} vectors came for {count} texts")
    if all(row.get("index") is None for row in data):
        return data
    places = {row["index"]: row for row in data if isinstance(row.get("index"), int)}
    if sorted(places) != list(range(count)):
        raise Garbled("the vectors do not say whose they are")
    return [places[index] for index in range(count)]


def _vector(row: dict[str, Any], dimension: int) -> Vector:
    numbers = row.get("embedding")
    if not isinstance(numbers, Sequence) or isinstance(numbers, str):
        raise Garbled("a vector is no list")
    if len(numbers) != dimension:
        raise WrongDimension(f"vectors of {len(numbers)} numbers came, {dimension} were expected (EMBEDDING_DIMENSION)")
    return normalised(numbers)


def _tokens(usage: Any) -> int | None:
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0 else None
