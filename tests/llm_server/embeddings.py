"""Vectors computed from the words of a text: the same text has the same vector, shared words make two alike."""

import hashlib
import math
import re
from typing import Any

from tests.llm_server.behaviours import Behaviour

DIMENSION = 1536
"""Of a vector, unless the request asks for another."""
_WORD = re.compile(r"\w+")


def vector_of(text: str, dimension: int = DIMENSION) -> list[float]:
    """Return a vector of length 1: each word adds to one number, chosen by its hash."""
    numbers = [0.0] * dimension
    for word in _WORD.findall(text.lower()) or [text]:
        numbers[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % dimension] += 1.0
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def embedding_list(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return the answer to a request for embeddings, as OpenAI words it, or spoilt as the behaviour says."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    dimension = body.get("dimensions", DIMENSION)
    rows = [
        {"object": "embedding", "index": index, "embedding": vector_of(text, dimension)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(max(1, len(text) // 4) for text in texts)
    answer = {"object": "list", "data": _spoil(rows, behaviour), "model": body.get("model", "test")}
    return {**answer, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}} if behaviour.usage else answer


def _spoil(rows: list[dict[str, Any]], behaviour: Behaviour) -> Any:
    numbers = rows[-1]["embedding"]
    spoilt: dict[str, Any] = {
        "sound": rows,
        "shuffled": rows[::-1],
        "unnumbered": [{"embedding": row["embedding"]} for row in rows],
        "fewer": rows[:-1],
        "more": [*rows, {**rows[-1], "index": len(rows)}],
        "repeated_index": [{**row, "index": 0} for row in rows],
        "wrong_dimension": [{**row, "embedding": row["embedding"][:8]} for row in rows],
        "not_a_number": [*rows[:-1], {**rows[-1], "embedding": [float("nan"), *numbers[1:]]}],
        "zero": [*rows[:-1], {**rows[-1], "embedding": [0.0] * len(numbers)}],
        "words": [*rows[:-1], {**rows[-1], "embedding": ["a"] * len(numbers)}],
        "base64": [{**row, "embedding": "AAAA"} for row in rows],
        "no_data": None,
    }
    return spoilt[behaviour.vectors]
