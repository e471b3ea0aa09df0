"""What the table of conversations holds, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from core.conversations import ENDED, Channel, ConversationState, HandledBy
from core.playbooks import Playbook


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is stored. `summary` covers the messages up to position `summary_until`."""

    conversation_id: str
    company_id: str
    user_id: str
    playbook: str
    playbook_version: str
    state: ConversationState
    handled_by: HandledBy
    agent_name: str | None
    stage: str
    language: str | None
    channel: Channel
    customer_name: str | None
    phone: str | None
    context: dict[str, Any]
    questions: list[str]
    summary: str
    summary_until: int
    unanswered: int
    last_position: int
    resolved: bool | None
    escalated_at: datetime | None
    first_answer_ms: int | None
    created_at: datetime
    last_message_at: datetime
    stale_at: datetime
    closed_at: datetime | None
    close_code: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said in it."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """What a conversation begins with; stage and staleness are its playbook's."""

    conversation_id: str
    company_id: str
    user_id: str
    playbook: Playbook
    playbook_version: str
    language: str | None = None
    channel: Channel = Channel.PAGE
    customer_name: str | None = None
    phone: str | None = None
    context: Mapping[str, Any] | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaleConversation:
    """Where to find a conversation in which nothing was said for long."""

    company_id: str
    conversation_id: str
    user_id: str


def conversation_of(row: dict[str, Any]) -> Conversation:
    """Return the conversation that a row of the table holds."""
    words = {"state": ConversationState(row["state"]), "handled_by": HandledBy(row["handled_by"])}
    return Conversation(**{**row, **words, "channel": Channel(row["channel"])})


def row_of(new: NewConversation, now: datetime) -> dict[str, Any]:
    """Return what the row of a conversation that begins now holds."""
    return {
        "company_id": new.company_id,
        "conversation_id": new.conversation_id,
        "user_id": new.user_id,
        "playbook": new.playbook.name,
        "playbook_version": new.playbook_version,
        "stage": new.playbook.first_stage,
        "language": new.language,
        "channel": new.channel,
        "customer_name": new.customer_name,
        "phone": new.phone,
        "context": Jsonb(dict(new.context or {})),
        "questions": Jsonb(list(new.questions)),
        "stale_minutes": new.playbook.limits.stale_minutes,
        "now": now,
    }
