"""What an LLM call costs: an upper estimate before it, the true price after it. Pure, from an offline price table.

A model that the table does not know has no price: its cost is None, which is not zero, and nothing can be set aside for
it. A company's budget then counts the other models alone.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from genai_prices import Usage, calc_price
from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

ESTIMATE_MARGIN: Final = 1.3
"""An approximate count may be too low: an estimate is to be an upper bound in most cases, not an average."""


def price_cents(provider: str, model: str, tokens_in: int, tokens_out: int, cached: int = 0) -> float | None:
    """Return the price of a call in US cents, or None where the table does not know the model.

    `cached` is the part of `tokens_in` that the provider read from its cache.
    """
    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=min(cached, tokens_in))
    try:
        price = calc_price(usage, model, provider_id=provider)
    except LookupError:
        return None
    return float(Decimal(price.total_price) * 100)


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
