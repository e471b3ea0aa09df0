"""The spending in PostgreSQL, which all processes share."""

from db import embedding_spend
from db.pool import Database
from knowledge.embedding.spend import Reservation


class DatabaseSpend:
    """A Spend over the table of the same name. What the database raises when it is away comes through."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reserve(self, reservation: Reservation, budget_cents: float) -> bool:
        """Set the money aside; see Spend."""
        async with self._db.transaction(reservation.company_id) as connection:
            return await embedding_spend.reserve(
                connection,
                reservation.company_id,
                reservation_id=reservation.reservation_id,
                provider=reservation.provider,
                cents=reservation.cents,
                budget_cents=budget_cents,
                at=reservation.at,
            )

    async def settle(self, reservation: Reservation, *, tokens: int, cents: float | None, answered: bool) -> None:
        """End the reservation; see Spend."""
        async with self._db.transaction(reservation.company_id) as connection:
            await embedding_spend.settle(
                connection,
                reservation.company_id,
                reservation_id=reservation.reservation_id,
                provider=reservation.provider,
                model=reservation.model,
                at=reservation.at,
                tokens=tokens,
                cents=cents,
                answered=answered,
            )
