"""What happens to a text before it is embedded: cleaned, counted, shortened, and put into batches. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ESTIMATE_MARGIN: Final = 1.3
"""An approximate count may be too low: an estimate is to be an upper bound in most cases, not an average."""
_SEPARATOR: Final = " › "


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How much one request holds: `texts` of them at most, and about `tokens` of theirs, of `text_tokens` each."""

    texts: int
    tokens: int
    text_tokens: int


def passage_text(heading_path: Sequence[str], text: str) -> str:
    """Return what is embedded for a chunk: its headings first, since a model reads the beginning alone.

    The local MiniLM reads the first 512 word pieces, about 350 words of English. What is cut off is still found by
    full text.
    """
    return f"{_SEPARATOR.join(heading_path)}\n{text}" if heading_path else text


def clean_text(text: str) -> str:
    """Return the text as any model takes it: without NUL and lone surrogates, and trimmed.

    Raises:
        ValueError: nothing remains; there is no vector of nothing.
    """
    cleaned = text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    if not cleaned:
        raise ValueError("an empty text cannot be embedded")
    return cleaned


def approximate_tokens(text: str) -> int:
    """Return about how many tokens a text is, without a tokenizer: four Latin letters each, two of other scripts."""
    foreign = sum(1 for letter in text if ord(letter) > 0x24F)
    return 1 + (len(text) + foreign) // 4


def estimate_tokens(texts: Sequence[str]) -> int:
    """Return how many tokens these texts are at most, in most cases."""
    return int(sum(map(approximate_tokens, texts)) * ESTIMATE_MARGIN) + 1


def shorten(text: str, tokens: int) -> str:
    """Return the beginning of a text that is surely no more than about `tokens` long; whole where it fits."""
    estimate = approximate_tokens(text) * ESTIMATE_MARGIN
    return text if estimate <= tokens else text[: max(1, int(len(text) * tokens / estimate))]


def batches(texts: Sequence[str], policy: BatchPolicy) -> list[list[int]]:
    """Return the indexes of `texts` in order, in batches that keep to the policy; each holds one text at least."""
    found: list[list[int]] = []
    room = 0
    for index, text in enumerate(texts):
        size = min(approximate_tokens(text), policy.text_tokens)
        if not found or len(found[-1]) >= policy.texts or size > room:
            found.append([])
            room = policy.tokens
        found[-1].append(index)
        room -= size
    return found
