"""What an LLM call may cost: an upper estimate before it; the true price after it is core.prices'. Pure.

Nothing can be set aside for a model without a known price. A company's budget then counts the other models alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from core.prices import price_cents

ESTIMATE_MARGIN: Final = 1.3
"""An approximate count may be too low: an estimate is to be an upper bound in most cases, not an average."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a call may come to; `cents` are US cents, 0 where the price is unknown."""

    cents: float
    tokens_in: int
    tokens_out: int


def estimate(provider: str, model: str, messages: Sequence[BaseMessage], max_tokens: int) -> Estimate:
    """Return the most that a call of these messages, with an answer of `max_tokens`, may come to."""
    tokens_in = int(approximate_tokens(messages) * ESTIMATE_MARGIN)
    return Estimate(price_cents(provider, model, tokens_in, max_tokens) or 0.0, tokens_in, max_tokens)


def approximate_tokens(messages: Sequence[BaseMessage]) -> int:
    """Return about how many tokens these messages are, without a tokenizer.

    langchain-core counts four characters a token, which holds for Latin letters; others get two characters a token.
    """
    foreign = sum(1 for message in messages for letter in str(message.content) if ord(letter) > 0x24F)
    return count_tokens_approximately(messages) + foreign // 4
