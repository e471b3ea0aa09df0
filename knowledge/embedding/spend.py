"""What embedding costs a company: set aside before a request, settled after it. The store behind it is handed in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one request. `at` (UTC) says whose day it counts for; `cents` are US cents, an upper bound.

    `cents` is 0 where the price of the model is unknown; such a request counts by its tokens alone.
    """

    reservation_id: str
    company_id: str
    provider: str
    model: str
    cents: float
    at: datetime


class Spend(Protocol):
    """Keeps the spending per company, provider and UTC day.

    Each method is a transaction of its own. `reserve` raises whatever the store raises when it is away; `settle` does
    not, since the answer that it follows has been paid for.
    """

    async def reserve(self, reservation: Reservation, budget_cents: float) -> bool:
        """Set the money aside; False, with nothing written, when the provider's budget of that day does not hold it.

        Exact however many ask at once: settled + set aside + this one <= budget.
        """
        ...

    async def settle(self, reservation: Reservation, *, tokens: int, cents: float | None, answered: bool) -> None:
        """End the reservation: count the request with its tokens and its true price (None: unknown, not zero).

        `answered` is False for a request that brought nothing; its tokens and price are then 0.
        """
        ...
