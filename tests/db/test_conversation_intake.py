"""Taking in messages: once each, in one order, to one turn, refused where they do not belong."""

import asyncio
from datetime import timedelta

import pytest

from core.config import ConversationRules
from core.conversations import HandledBy, IncomingMessage
from db import conversation_intake, conversation_turns, conversations, messages

RULES = ConversationRules()


def incoming(company_id, text="How do I connect?", **changes):
    values = {
        "company_id": company_id,
        "user_id": "u1",
        "conversation_id": None,
        "client_message_id": text[:64],
        "text": text,
        "trace_id": "t1",
    }
    return IncomingMessage(**{**values, **changes})


async def accept(db, message, now, rules=RULES):
    async with db.transaction(message.company_id) as connection:
        return await conversation_intake.accept(connection, message, rules, now)


async def test_a_first_message_begins_a_conversation_and_its_turn(db, acme, now):
    accepted = await accept(db, incoming(acme), now)
    assert (accepted.is_new, accepted.began, accepted.publish) == (True, True, True)
    async with db.transaction(acme) as connection:
        stored = await conversations.get(connection, acme, accepted.conversation_id)
        begun = await conversation_turns.begin(connection, acme, accepted.turn.turn_id, now)
    assert (stored.user_id, stored.playbook, stored.state, stored.last_position) == ("u1", "support", "IN_PROGRESS", 1)
    assert (begun.status, begun.asked) == ("running", (accepted.message,))
