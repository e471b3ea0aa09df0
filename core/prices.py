"""What a call of a model costs, from a price table that ships with a package and asks no network.

A model that the table does not know has no price: its cost is None, which is not zero.
"""

from decimal import Decimal

from genai_prices import Usage, calc_price


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
