"""Decides what a request may cost, and tells the spending what it came to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.ids import new_id
from core.prices import price_cents
from knowledge.embedding.provider import Answer
from knowledge.embedding.spend import Reservation, Spend
from knowledge.embedding.texts import estimate_tokens


def seconds_to_midnight(now: datetime) -> float:
    """Return how long the UTC day still lasts, when budgets begin anew."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1) - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Wallet:
    """A company's budget per paid provider and UTC day, `budget_cents` in US cents. The store's errors are raised."""

    spend: Spend
    budget_cents: float
    now: Callable[[], datetime]

    async def reserve(self, company_id: str, provider: str, model: str, texts: Sequence[str]) -> Reservation | None:
        """Set aside what a request costs at most; None when the provider's budget of the day does not hold it.

        Where the price is unknown nothing can be set aside; the request is counted all the same.
        """
        cents = price_cents(provider, model, estimate_tokens(texts), 0) or 0.0
        reservation = Reservation(new_id(), company_id, provider, model, cents, self.now())
        return reservation if await self.spend.reserve(reservation, self.budget_cents) else None

    async def settle(self, reservation: Reservation, texts: Sequence[str], answer: Answer) -> None:
        """Count an answer with its true price; by the estimate, where the provider did not say how many tokens."""
        tokens = estimate_tokens(texts) if answer.tokens is None else answer.tokens
        cents = price_cents(reservation.provider, reservation.model, tokens, 0)
        await self.spend.settle(reservation, tokens=tokens, cents=cents, answered=True)

    async def give_up(self, reservation: Reservation, texts: Sequence[str], *, was_paid: bool) -> None:
        """Count a request that brought nothing: `was_paid` when an answer came that was of no use."""
        tokens = estimate_tokens(texts) if was_paid else 0
        cents = price_cents(reservation.provider, reservation.model, tokens, 0)
        await self.spend.settle(reservation, tokens=tokens, cents=cents, answered=False)
