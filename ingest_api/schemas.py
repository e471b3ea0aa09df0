"""The shapes of answers, for the OpenAPI document and for those who generate types from it."""

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from core.baselines import Baseline
from core.config import CompanyConfig
from core.nudges import NudgeStatus, NudgeType

Item = TypeVar("Item")


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ListOf(_Answer, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next_cursor: str | None = Field(None, description="Pass as `cursor` for the next page; null on the last one")


class ProblemError(_Answer):
    """One fault of several: an index of the batch, or a field."""

    model_config = ConfigDict(extra="allow")

    index: int | None = None
    field: str | None = None
    code: str | None = None
    detail: str | None = None


class ProblemDocument(_Answer):
    """An error (RFC 9457). `code` is stable; `trace_id` finds the request in the logs."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    trace_id: str
    errors: list[ProblemError] | None = None


class Accepted(_Answer):
    """Everything is in the stream."""

    accepted: int


class UserToken(_Answer):
    """A signed token for a user; pass it to the SDK as `userToken`."""

    token: str
    user_id: str
    expires_at: datetime


class AdminTokens(_Answer):
    """What a login yields."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token, not one
    expires_in: int = Field(description="Seconds for which the access token is good")


class Me(_Answer):
    """The person who is logged in."""

    company_id: str
    admin_id: str
    email: str | None
    role: str


class ConfigDocument(_Answer):
    """A company's configuration, with defaults filled in; version 0 means nothing was stored yet."""

    version: int
    config: CompanyConfig


class ConfigVersion(_Answer):
    """A configuration that was stored once."""

    version: int
    config: dict[str, Any]
    created_at: datetime
    created_by: str


class BaselineDocument(_Answer):
    """A stored baseline."""

    baseline_id: str
    version: int
    active: bool
    created_at: datetime
    created_by: str
    baseline: Baseline


class StoredEvent(_Answer):
    """An event as it was stored. `occurred_at` is the client's clock, `corrected_at` ours."""

    event_id: str
    user_id: str
    session_id: str
    event_type: str
    target_element: str | None
    page_url: str | None
    occurred_at: datetime
    corrected_at: datetime
    properties: dict[str, Any]


class Row(_Answer):
    """A row whose members depend on its kind."""

    model_config = ConfigDict(extra="allow")


class NudgeRow(Row):
    """A nudge and what became of it."""

    nudge_id: str
    user_id: str
    stuck_point: str
    nudge_type: NudgeType
    status: NudgeStatus
    created_at: datetime


class TimelineEntry(Row):
    """Something that happened: `kind` says what, the other members are that kind's own."""

    kind: str
    at: datetime


class EscalationRow(_Answer):
    """A user who needs a person. `alert` says who, where, why, what was tried, and how to get there."""

    escalation_id: str
    turn_id: str
    user_id: str
    stuck_point: str
    status: Literal["open", "acknowledged", "resolved"]
    alert: dict[str, Any]
    assigned_to: str | None
    note: str | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    trace_id: str
    kind: Literal["behaviour", "conversation"] = Field("behaviour", description="A conversation's is a ticket")
    conversation_id: str | None = None
    reason: str | None = Field(None, description="Why a person was called into a conversation")
    expected_by: datetime | None = Field(None, description="By when the user was promised an answer")
    answered_at: datetime | None = Field(None, description="When a person first answered")
    overdue_at: datetime | None = Field(None, description="When it was noticed that nobody answered in time")


class NotificationRow(Row):
    """A notification and whether it got through."""

    notification_id: str
    event: str
    channel: str
    status: Literal["pending", "sent", "failed"]
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


class Resent(_Answer):
    """The notification is queued again."""

    notification_id: str
    status: Literal["pending"]


class NudgeCount(_Answer):
    """How many nudges of one type have one status."""

    nudge_type: NudgeType
    status: NudgeStatus
    nudges: int


class UserWishes(_Answer):
    """What a user wishes."""

    user_id: str
    consent: bool
    do_not_disturb: bool


class ErasureReceipt(_Answer):
    """What was erased of a user, without naming them; the audit log holds the same under `erased:<receipt_id>`."""

    receipt_id: str
    erased_at: datetime
    rows: dict[str, int] = Field(description="By table; `ai_interactions` lost user and texts, not their cost")


class RememberedFact(_Answer):
    """Something that a user told about themselves, and the message in which they did."""

    name: str
    value: str
    message_id: str | None
    updated_at: datetime


class RememberedFacts(_Answer):
    """What is remembered of a user. `remembers` is their consent to it; null while they did not answer."""

    user_id: str
    remembers: bool | None
    asked_at: datetime | None
    facts: list[RememberedFact]


class Erased(_Answer):
    """How much was erased."""

    erased: int


class CostRow(_Answer):
    """What one model's calls came to on one UTC day, in US cents.

    `unpriced` calls have a model whose price is unknown, which is not zero.
    """

    day: date
    provider: str
    model: str
    calls: int
    failed: int
    unpriced: int
    tokens_in: int
    tokens_out: int
    cost_cents: float


class ApiKeyRow(_Answer):
    """An API key, without the key."""

    key_id: str
    kind: Literal["public", "secret"]
    label: str
    created_at: datetime
    revoked_at: datetime | None


class NewApiKey(_Answer):
    """A key that was just made. `key` is missing when an `Idempotency-Key` is repeated."""

    key_id: str
    kind: Literal["public", "secret"]
    label: str
    key: str | None = None


class WebhookSecret(_Answer):
    """The secret that signs webhooks."""

    secret: str


class AuditEntry(_Answer):
    """Who changed what."""

    audit_id: str
    at: datetime
    actor: str = Field(description="`key:<id>`, `admin:<id>` or `system`")
    action: str
    subject: str
    detail: dict[str, Any]
    trace_id: str | None


class Readiness(_Answer):
    """Whether the stores answer."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Literal["ok", "unavailable"]]
