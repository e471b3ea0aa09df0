"""Forgets what is older than the settings keep: conversations, turns, nudges, sessions, facts, translations, sums.

Company by company, a batch to a transaction, the oldest first: a crash or a stop in the middle costs nothing but the
time until the next sweep, and two processes at once share the work. What is under way is never touched.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from core.settings import RetentionSettings
from db import ai_budgets, behaviour_retention, checkpoints, companies, profile_facts, retention, translations
from db.pool import Connection, Database

log = logging.getLogger(__name__)

AT_ONCE: Final = 200
"""Conversations and the like that one transaction forgets: some thousands of rows."""
CHECKPOINTS_KEPT: Final = timedelta(days=1)
"""A checkpoint serves a turn that failed, or whose end was not noted yet; a day later it serves nobody."""

Batch = Callable[[Connection, str, datetime, int], Awaitable[int]]
"""Forgets of a company, before a moment, up to so many, and tells how many: fewer means that nothing is left."""


class Retention:
    """The sweep. Counts days back from `now`."""

    def __init__(
        self, db: Database, settings: RetentionSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._db = db
        self._settings = settings
        self._now = now
        self._stopping = False

    async def heed(self, stop: asyncio.Event) -> None:
        """Let the work be left off after the batch in hand once the process is to stop."""
        await stop.wait()
        self._stopping = True

    async def forget(self) -> int:
        """Forget all that is due, of all companies; returns how much that was."""
        async with self._db.system() as connection:
            company_ids = await companies.list_ids(connection)
        gone = [await self._repeat(self._checkpoints)]
        for company_id in company_ids:
            gone.append(sum([await self._forget(company_id, batch, days) for batch, days in self._kept()]))
            if gone[-1]:
                log.info("forgotten", extra={"company_id": company_id, "count": gone[-1]})
        return sum(gone)

    def _kept(self) -> tuple[tuple[Batch, int], ...]:
        """Return what forgets, and how many days each keeps."""
        settings = self._settings
        return (
            (retention.forget_conversations, settings.retention_conversation_days),
            (retention.drop_notifications, settings.retention_conversation_days),
            (behaviour_retention.drop_turns, settings.retention_turn_days),
            (behaviour_retention.strip_calls, settings.retention_turn_days),
            (behaviour_retention.drop_nudges, settings.retention_nudge_days),
            (behaviour_retention.drop_escalations, settings.retention_turn_days),
            (behaviour_retention.drop_sessions, settings.retention_session_days),
            (profile_facts.drop_before, settings.retention_profile_days),
            (translations.drop_before, settings.retention_translation_days),
            (ai_budgets.drop_before, settings.retention_spend_days),
        )

    async def _forget(self, company_id: str, batch: Batch, days: int) -> int:
        before = self._now() - timedelta(days=days)

        async def forget() -> int:
            async with self._db.transaction(company_id) as connection:
                return await batch(connection, company_id, before, AT_ONCE)

        return await self._repeat(forget)

    async def _checkpoints(self) -> int:
        async with self._db.transaction() as connection:
            return await checkpoints.drop_before(connection, self._now() - CHECKPOINTS_KEPT, AT_ONCE)

    async def _repeat(self, forget: Callable[[], Awaitable[int]]) -> int:
        """Forget batch after batch until one was not full, or the process is to stop."""
        gone, latest = 0, AT_ONCE
        while latest == AT_ONCE and not self._stopping:
            gone += (latest := await forget())
        return gone
