"""`graph.tools.contracts.CallLog` in PostgreSQL.

People read masked arguments and masked results there. What a run that begins anew needs is the result as it came, since
placeholders of one run mean nothing to another: that is kept encrypted beside, and goes with the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from core.errors import Unauthenticated
from core.security import Vault
from db import tool_calls, turns
from db.pool import Database
from graph.tools.contracts import Ended, Entry, Status
from stream_consumer.stores import available


@dataclass(frozen=True, slots=True)
class CallStore:
    """The log of one installation; `vault` seals results."""

    db: Database
    vault: Vault

    async def begin(self, entry: Entry) -> Ended | None:
        """Note that a call begins; returns how it ended, if it did in an earlier run of the turn."""
        async with available(), self.db.transaction(entry.talk.turn.company_id) as connection:
            await turns.hold(connection, entry.talk.turn.company_id, entry.talk.turn.turn_id)
            found = await tool_calls.begin(connection, entry.talk.turn.company_id, _call(entry), datetime.now(UTC))
        if found is None or found.status == "started" or found.result is None:
            return None
        return self._ended(found.status, found.code, found.result)

    async def end(self, entry: Entry, ended: Ended, shown: str, latency_ms: int) -> None:
        """Note how a call ended, and that there was one if nobody did before."""
        company_id = entry.talk.turn.company_id
        kept = {"text": shown, "sealed": self._sealed(ended)}
        async with available(), self.db.transaction(company_id) as connection:
            await turns.hold(connection, company_id, entry.talk.turn.turn_id)
            await tool_calls.finish(
                connection,
                company_id,
                _call(entry),
                ended.status,
                code=ended.code,
                result=kept,
                latency_ms=latency_ms,
                now=datetime.now(UTC),
            )

    def _sealed(self, ended: Ended) -> str:
        plain = orjson.dumps({"value": ended.value, "words": ended.words, "is_cut": ended.is_cut})
        return self.vault.encrypt(plain.decode()).decode()

    def _ended(self, status: Status, code: str | None, kept: Mapping[str, Any]) -> Ended | None:
        try:
            plain = orjson.loads(self.vault.decrypt(kept["sealed"].encode()))
        except Unauthenticated:  # SECRET_KEY is another one by now: as good as unknown
            return None
        return Ended(status, code, **plain)


def _call(entry: Entry) -> tool_calls.Call:
    turn = entry.talk.turn
    return tool_calls.Call(
        call_id=entry.call_id,
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        user_id=turn.user_id,
        tool=entry.tool,
        arguments=entry.arguments,
    )
