"""A database with two companies, and rows to put into them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from core.budgets import Kind
from core.events import AcceptedEvent, to_ms
from core.ids import derive_id, nudge_id, turn_id
from core.nudges import Nudge, NudgeType
from core.security import Vault
from core.turns import Evidence, Signal, SignalKind, Turn
from db import companies
from db.pool import Database

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, pool_size=20, name="test")
    yield database
    await database.close()


@pytest.fixture
def vault(secret_key: str) -> Vault:
    return Vault(secret_key)


@pytest.fixture
async def acme(db: Database, vault: Vault) -> str:
    """Id of a founded company."""
    return (await companies.found(db, vault, "Acme", NOW)).company_id


@pytest.fixture
async def rival(db: Database, vault: Vault) -> str:
    """Id of another company of the same database."""
    return (await companies.found(db, vault, "Rival", NOW)).company_id


@dataclass(frozen=True)
class Samples:
    """Makes one valid thing after another; what a test cares about it names."""

    numbers: "count[int]"

    def event(self, company_id: str, **changes: Any) -> AcceptedEvent:
        number = next(self.numbers)
        moment = to_ms(changes.pop("at", NOW))
        values: dict[str, Any] = {
            "company_id": company_id,
            "event_id": f"e{number:05}",
            "user_id": "u1",
            "session_id": "s1",
            "event_type": "click",
            "target_element": "#connect",
            "page_url": "https://app.example/connect",
            "occurred_ms": moment,
            "corrected_ms": moment,
            "received_ms": moment,
            "properties": {"text": "Connect"},
            "trace_id": f"t{number}",
        }
        return AcceptedEvent(**{**values, **changes})

    def turn(self, company_id: str, *, user_id: str = "u1", stuck_point: str = "connect", at: datetime = NOW) -> Turn:
        evidence = Evidence(event_id=f"e{next(self.numbers)}", event_type="rage_click", at=at)
        signal = Signal(kind=SignalKind.RAGE_CLICK, stuck_point=stuck_point, evidence=(evidence,), detected_at=at)
        return Turn(
            turn_id=turn_id(company_id, user_id, signal.kind, stuck_point, signal.first_evidence_id),
            company_id=company_id,
            user_id=user_id,
            session_id="s1",
            signal=signal,
            created_at=at,
            trace_id="trace",
        )

    def nudge(self, turn: Turn, *, kind: NudgeType = NudgeType.TOOLTIP, life: timedelta = timedelta(hours=1)) -> Nudge:
        return Nudge(
            nudge_type=kind,
            title="Connect your CRM",
            body="Paste the key here.",
            nudge_id=nudge_id(turn.turn_id),
            stuck_point=turn.signal.stuck_point,
            expires_at=turn.created_at + life,
        )

    def call(self, *, estimate: float = 1.0, name: str | None = None, **changes: Any) -> "Call":
        return Call(derive_id("interaction", name or str(next(self.numbers))), estimate, **changes)


async def begin_turns(db: Database, company_id: str, *turn_ids: str | None, user_id: str = "u1") -> None:
    """Have turns run; one that runs already goes on."""
    async with db.transaction(company_id) as connection:
        await connection.execute(
            """INSERT INTO turns (company_id, turn_id, user_id, session_id, kind, status, stuck_point, signal, trace_id,
                                  created_at)
               SELECT %s, turn_id, %s, 's', 'behaviour', 'running', 'x', '{}', 't', %s
               FROM unnest(%s::uuid[]) AS turn_id
               ON CONFLICT DO NOTHING""",
            (company_id, user_id, NOW, list(turn_ids)),
        )


@dataclass(frozen=True)
class Call:
    """An LLM call about to be made."""

    interaction_id: str
    estimate_cents: float
    turn_id: str | None = None
    node: str = "diagnose"
    provider: str = "openai"
    model: str = "gpt-4.1-mini"
    prompt_version: str = "1"
    tokens_in: int = 0
    max_tokens: int = 0
    user_id: str | None = None
    conversation_id: str | None = None
    kind: Kind | None = None


@pytest.fixture
def samples() -> Samples:
    return Samples(count(1))
