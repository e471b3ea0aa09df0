"""What an LLM call may cost: an upper estimate before it; the true price after it is core.prices'. Pure.

Nothing can be set aside for a model without a known price. A company's budget then counts the other models alone.
"""

from collections.abc import Sequence
from typing import Final

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from core.prices import price_cents

ESTIMATE_MARGIN: Final = 1.3
"""An approximate count may be too low: an estimate is to be an upper bound in most cases, not an average."""


def estimate_cents(provider: str, model: str, messages: Sequence[BaseMessage], max_tokens: int) -> float:
    """Return the highest price that a call may come to, in US cents; 0 where the price is unknown."""
    tokens_in = int(approximate_tokens(messages) * ESTIMATE_MARGIN)
    return price_cents(provider, model, tokens_in, max_tokens) or 0.0


def approximate_tokens(messages: Sequence[BaseMessage]) -> int:
    """Return about how many tokens these messages are, without a tokenizer.

    langchain-core counts four characters a token, which holds for Latin letters; others get two characters a token.
    """
    foreign = sum(1 for message in messages for letter in str(message.content) if ord(letter) > 0x24F)
    return count_tokens_approximately(messages) + foreign // 4
