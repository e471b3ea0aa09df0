"""The spending in PostgreSQL, which all processes share."""

import logging

from db import embedding_spend
from db.pool import Database, is_outage
from knowledge.embedding.spend import Reservation

log = logging.getLogger(__name__)


class DatabaseSpend:
    """A Spend over the table of the same name."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reserve(self, reservation: Reservation, budget_cents: float) -> bool:
        """Set the money aside; see Spend. Nothing is spent while the database is away: what it raises comes through."""
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
        """End the reservation; see Spend.

        When the database is away the request stays uncounted, and its reservation lapses: losing the answer as well
        would mean to pay for it again.
        """
        try:
            await self._settle(reservation, tokens, cents, answered)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("an embedding request was not counted", extra={"provider": reservation.provider})

    async def _settle(self, reservation: Reservation, tokens: int, cents: float | None, answered: bool) -> None:
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
