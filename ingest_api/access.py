"""Who may call what: one table for every route that belongs to a company.

The app refuses to start when a route stands neither here nor in `OPEN`, so no route can be added without a decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from core.errors import Forbidden

Role: TypeAlias = Literal["public", "secret", "owner", "admin", "editor", "approver", "agent", "viewer"]
"""`public` and `secret` are the two kinds of API key; the others are people."""

_SECRET: Final[frozenset[Role]] = frozenset({"secret"})
_OWNERS: Final[frozenset[Role]] = _SECRET | {"owner", "admin"}
_EDITORS: Final[frozenset[Role]] = _OWNERS | {"editor"}
_SUPPORT: Final[frozenset[Role]] = _EDITORS | {"agent"}
_EVERYBODY: Final[frozenset[Role]] = _SUPPORT | {"approver", "viewer"}
_PAGES: Final[frozenset[Role]] = frozenset({"public", "secret"})
_PEOPLE: Final[frozenset[Role]] = _EVERYBODY - _SECRET

ACCESS: Final[dict[tuple[str, str], frozenset[Role]]] = {
    ("POST", "/api/v1/events"): _PAGES,
    ("POST", "/api/v1/anonymous-tokens"): _PAGES,
    ("POST", "/api/v1/identify"): _PAGES,
    ("POST", "/api/v1/user-tokens"): _SECRET,
    ("GET", "/api/v1/config"): _EVERYBODY,
    ("POST", "/api/v1/config"): _EDITORS,
    ("GET", "/api/v1/config/history"): _EVERYBODY,
    ("GET", "/api/v1/baselines"): _EVERYBODY,
    ("POST", "/api/v1/baselines"): _EDITORS,
    ("GET", "/api/v1/nudges"): _EVERYBODY,
    ("GET", "/api/v1/sessions/{session_id}/events"): _EVERYBODY,
    ("GET", "/api/v1/users/{user_id}/timeline"): _EVERYBODY,
    ("GET", "/api/v1/users/{user_id}/export"): _OWNERS,
    ("PATCH", "/api/v1/users/{user_id}"): _SUPPORT,
    ("DELETE", "/api/v1/users/{user_id}"): _OWNERS,
    ("GET", "/api/v1/users/{user_id}/facts"): _EVERYBODY,
    ("PUT", "/api/v1/users/{user_id}/facts/consent"): _SUPPORT,
    ("DELETE", "/api/v1/users/{user_id}/facts"): _SUPPORT,
    ("DELETE", "/api/v1/users/{user_id}/facts/{name}"): _SUPPORT,
    ("GET", "/api/v1/escalations"): _EVERYBODY,
    ("GET", "/api/v1/escalations/{escalation_id}"): _EVERYBODY,
    ("PATCH", "/api/v1/escalations/{escalation_id}"): _SUPPORT,
    ("GET", "/api/v1/notifications"): _EVERYBODY,
    ("POST", "/api/v1/notifications/{notification_id}/resend"): _SUPPORT,
    ("GET", "/api/v1/knowledge/sources"): _EVERYBODY,
    ("POST", "/api/v1/knowledge/sources"): _EDITORS,
    ("GET", "/api/v1/knowledge/sources/{source_id}"): _EVERYBODY,
    ("DELETE", "/api/v1/knowledge/sources/{source_id}"): _EDITORS,
    ("GET", "/api/v1/knowledge/sources/{source_id}/documents"): _EVERYBODY,
    ("GET", "/api/v1/knowledge/documents/{document_id}/chunks"): _EVERYBODY,
    ("POST", "/api/v1/knowledge/sources/{source_id}/ingest"): _EDITORS,
    ("GET", "/api/v1/knowledge/sources/{source_id}/runs"): _EVERYBODY,
    ("GET", "/api/v1/knowledge/runs/{run_id}"): _EVERYBODY,
    ("POST", "/api/v1/knowledge/runs/{run_id}/cancel"): _EDITORS,
    ("GET", "/api/v1/knowledge/search"): _EVERYBODY,
    ("POST", "/api/v1/conversation/start"): _PAGES,
    ("POST", "/api/v1/conversation/{conversation_id}/process"): _PAGES,
    ("POST", "/api/v1/conversation/{conversation_id}/stop"): _PAGES,
    ("POST", "/api/v1/conversation/{conversation_id}/request-human"): _PAGES,
    ("POST", "/api/v1/conversation/{conversation_id}/cancel-human"): _PAGES,
    ("GET", "/api/v1/conversation/tasks/{task_id}"): _PAGES | _EVERYBODY,
    ("GET", "/api/v1/conversations"): _EVERYBODY,
    ("GET", "/api/v1/conversations/{conversation_id}"): _EVERYBODY,
    ("PATCH", "/api/v1/conversations/{conversation_id}"): _SUPPORT,
    ("GET", "/api/v1/conversations/{conversation_id}/transcript"): _SUPPORT,
    ("POST", "/api/v1/conversations/{conversation_id}/messages"): _SUPPORT,
    ("POST", "/api/v1/conversations/{conversation_id}/typing"): _SUPPORT,
    ("POST", "/api/v1/conversations/{conversation_id}/takeover"): _SUPPORT,
    ("POST", "/api/v1/conversations/{conversation_id}/handback"): _SUPPORT,
    ("POST", "/api/v1/conversations/{conversation_id}/close"): _SUPPORT,
    ("GET", "/api/v1/recommendations"): _EVERYBODY,
    ("GET", "/api/v1/recommendations/{recommendation_id}"): _EVERYBODY,
    ("GET", "/api/v1/playbooks"): _EVERYBODY,
    ("POST", "/api/v1/playbooks"): _EDITORS,
    ("GET", "/api/v1/playbooks/{name}"): _EVERYBODY,
    ("DELETE", "/api/v1/playbooks/{name}"): _EDITORS,
    ("GET", "/api/v1/playbooks/{name}/versions"): _EVERYBODY,
    ("POST", "/api/v1/playbooks/{name}/versions/{version}/activate"): _EDITORS,
    ("GET", "/api/v1/tools"): _EVERYBODY,
    ("POST", "/api/v1/tools"): _OWNERS,
    ("GET", "/api/v1/tools/{name}"): _EVERYBODY,
    ("PATCH", "/api/v1/tools/{name}"): _OWNERS,
    ("DELETE", "/api/v1/tools/{name}"): _OWNERS,
    ("GET", "/api/v1/tool-calls"): _SUPPORT,
    ("GET", "/api/v1/analytics/costs"): _EVERYBODY,
    ("GET", "/api/v1/analytics/nudges"): _EVERYBODY,
    ("GET", "/api/v1/analytics/conversations"): _EVERYBODY,
    ("GET", "/api/v1/api-keys"): _OWNERS,
    ("POST", "/api/v1/api-keys"): _OWNERS,
    ("DELETE", "/api/v1/api-keys/{key_id}"): _OWNERS,
    ("GET", "/api/v1/webhook-secret"): _SECRET | {"owner"},
    ("GET", "/api/v1/audit-log"): _OWNERS,
    ("GET", "/api/v1/auth/me"): _PEOPLE,
}

OPEN: Final = frozenset(
    {
        ("POST", "/api/v1/auth/token"),
        ("POST", "/api/v1/auth/refresh"),
        ("POST", "/api/v1/support/chat/session"),
        ("GET", "/api/v1/support/chat/history"),
        ("POST", "/api/v1/support/chat/messages/{message_id}/feedback"),
        ("GET", "/sdk/onboarding-agent-sdk.js"),
        ("GET", "/sdk/onboarding-agent-chat.js"),
        ("GET", "/sdk/onboarding-agent-chat-ar.js"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
    }
)
"""Routes that need no credential, or bring their own: a refresh token, or the token of a user (`speakers`)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an API key or a person, always of one company. `subject` is the key's or the admin's id."""

    company_id: str
    subject: str
    role: Role
    email: str | None = None

    @property
    def actor(self) -> str:
        """How audit rows name the caller."""
        return f"key:{self.subject}" if self.role in ("public", "secret") else f"admin:{self.subject}"


def check_access(caller: Caller, method: str, template: str) -> None:
    """Raise Forbidden unless the caller's role may use the route."""
    if caller.role not in ACCESS[method, template]:
        raise Forbidden(f"The role {caller.role} does not allow {method} here.")


def find_undecided(routes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the routes (method, template) that stand in neither table."""
    return sorted(set(routes) - set(ACCESS) - OPEN)
