"""Talks for tests: one conversation at one turn, as a reasoner gets it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.config import CompanyConfig
from core.conversations import Channel, ConversationState, ConversationTurn, HandledBy, Role
from core.ids import derive_id
from core.playbooks import Playbook, shipped
from graph.excerpts import Excerpt
from graph.talk import Effect, Said, Talk, ToolCall, ToolResult

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
KEYS = Excerpt(
    "chunk-1", "CRM keys", "Live keys begin with crm_live_. They have 32 characters.", "https://help.example/keys",
    "Live keys begin with crm_live_.",
)  # fmt: skip
LIMITS = Excerpt("chunk-2", "Limits", "A workspace has at most 20 keys.", None, "A workspace has at most 20 keys.")


def said(*lines: str) -> tuple[Said, ...]:
    """Return messages from lines such as "user: hello" and "assistant: hi"."""
    split = [line.split(": ", 1) for line in lines]
    return tuple(
        Said(Role(role), text, position, NOW - timedelta(minutes=len(lines) - position))
        for position, (role, text) in enumerate(split, start=1)
    )


def make_talk(asked: str = "How do I import contacts?", *before: str, **changes: Any) -> Talk:
    """Return a talk in which the user now says `asked`, after the lines `before`; `playbook` may be a shipped name."""
    given = changes.pop("playbook", "support")
    playbook: Playbook = shipped()[given].playbook if isinstance(given, str) else given
    conversation = derive_id("conversation", "test")
    turn = ConversationTurn(
        turn_id=derive_id("turn", asked),
        company_id=derive_id("company", "acme"),
        user_id="u1",
        conversation_id=conversation,
        created_at=NOW,
        trace_id="trace",
    )
    values: dict[str, Any] = {
        "turn": turn,
        "config": CompanyConfig(),
        "playbook": playbook,
        "playbook_version": f"{playbook.name}-test",
        "state": ConversationState.IN_PROGRESS,
        "handled_by": HandledBy.AGENT,
        "stage": playbook.first_stage,
        "language": "en",
        "channel": Channel.PAGE,
        "customer_name": None,
        "is_anonymous": False,
        "context": {},
        "messages": said(*before),
        "asked": (Said(Role.USER, asked, len(before) + 1, NOW),),
        "now": NOW,
    }
    return Talk(**{**values, **changes})


def advanced(stage: str, status: Any = "done") -> ToolResult:
    """Return the result of a move to a stage."""
    effects = (Effect("advance_stage", {"stage": stage}),) if status == "done" else ()
    return ToolResult(ToolCall("c", "advance_stage", "{}"), status, "", effects=effects)
