"""Whether the agent says anything in a turn, by a table: who else talks, what was said, and to whom."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.config import ConversationRules
from core.conversations import ConversationState, ConversationTurn, HandledBy, Message, Role
from core.turns import TurnStatus
from core.voices import Voices
from db.conversation_rows import Conversation
from db.conversation_turns import Begun, Request
from stream_consumer.silences import silence

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
NAMES = {"company_id": "c", "user_id": "u", "conversation_id": "v"}
QUESTION = "How do I import contacts?"


def begun(
    *said: str,
    at: datetime = NOW,
    handled_by: HandledBy = HandledBy.AGENT,
    state: ConversationState = ConversationState.IN_PROGRESS,
    request: Request | None = None,
) -> Begun:
    row: dict[str, Any] = dict.fromkeys(field.name for field in fields(Conversation))
    conversation = Conversation(**{**row, **NAMES, "handled_by": handled_by, "state": state})
    asked = tuple(
        Message(
            company_id="c", conversation_id="v", message_id=str(number), position=number, role=Role.USER, text=text,
            created_at=at,
        )
        for number, text in enumerate(said, 1)
    )  # fmt: skip
    turn = ConversationTurn(**NAMES, turn_id="t", created_at=NOW, trace_id="t")
    return Begun(turn, TurnStatus.RUNNING, request, conversation, asked)


@pytest.mark.parametrize(
    ("turn", "voices", "expected"),
    [
        (begun(QUESTION), Voices.ALL, None),
        (begun(QUESTION, handled_by=HandledBy.QUEUE), Voices.ALL, None),
        (begun(QUESTION, handled_by=HandledBy.HUMAN), Voices.ALL, "left_to_person"),
        (begun(QUESTION, state=ConversationState.CANCELLED), Voices.NOBODY, "conversation_ended"),
        (begun(QUESTION), Voices.NOBODY, "conversations_unavailable"),
        (begun(QUESTION), Voices.PEOPLE, "left_to_person"),
        (begun("never mind", handled_by=HandledBy.QUEUE), Voices.PEOPLE, "left_to_person"),
        (begun("I want to kill myself"), Voices.NOBODY, None),
        (begun("أريد أن أقتل نفسي", handled_by=HandledBy.QUEUE), Voices.PEOPLE, None),
        (begun("I want to kill myself", handled_by=HandledBy.HUMAN), Voices.PEOPLE, "left_to_person"),
        (begun("Thanks, Sam!"), Voices.ALL, None),
        (begun("Thanks, Sam!", at=BEFORE), Voices.ALL, "needs_no_answer"),
        (begun("شكرًا جزيلًا يا سارة", at=BEFORE), Voices.ALL, "needs_no_answer"),
        (begun("ok", "Thank you. Bye!", at=BEFORE), Voices.ALL, "needs_no_answer"),
        (begun("ok", QUESTION, at=BEFORE), Voices.ALL, None),
        (begun("ok", at=BEFORE, request="human"), Voices.ALL, None),
        (begun("ok", at=BEFORE), Voices.NOBODY, "conversations_unavailable"),
        (begun(), Voices.ALL, None),
    ],
)
def test_the_agent_keeps_silent(turn: Begun, voices: Voices, expected: str | None) -> None:
    assert silence(turn, voices, ConversationRules()) == expected
