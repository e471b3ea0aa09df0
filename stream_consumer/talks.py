"""Reads what a conversation turn must know: what was said, the user, the playbook; masked, as a `Talk`.

One set of placeholders serves the whole turn, so the same address has the same name in every text.
"""

from collections.abc import Sequence
from datetime import datetime

from core.conversations import ConversationTurn, Message
from core.ids import ANONYMOUS_PREFIX
from core.office_hours import expected_by, is_open
from core.playbooks import Versioned
from core.pseudonyms import Pseudonyms
from db import messages, playbooks
from db.conversation_turns import Begun
from db.pool import Connection
from graph.talk import Said, Talk
from stream_consumer.companies import Company

WINDOW = 10
"""Messages before the question that a turn reads as they are; older ones are in the summary."""


async def read_talk(
    connection: Connection, begun: Begun, company: Company, pseudonyms: Pseudonyms, now: datetime
) -> Talk:
    """Return the talk of a turn that has begun."""
    conversation = begun.conversation
    place = (conversation.company_id, conversation.conversation_id)
    before = min((message.position for message in begun.asked), default=None)
    earlier = await messages.recent(connection, *place, WINDOW, before=before)
    chosen = await playbooks.load(connection, conversation.company_id, conversation.playbook)
    return _talk(begun, company, chosen, earlier, pseudonyms, now)


def _talk(
    begun: Begun,
    company: Company,
    chosen: Versioned,
    earlier: Sequence[Message],
    pseudonyms: Pseudonyms,
    now: datetime,
) -> Talk:
    conversation, rules = begun.conversation, company.config.conversations.handoff
    turn: ConversationTurn = begun.turn
    return Talk(
        turn=turn,
        config=company.config,
        playbook=chosen.playbook,
        playbook_version=chosen.version,
        state=conversation.state,
        handled_by=conversation.handled_by,
        stage=chosen.playbook.known_stage(conversation.stage),
        language=conversation.language,
        channel=conversation.channel,
        customer_name=pseudonyms.mask(conversation.customer_name) if conversation.customer_name else None,
        is_anonymous=turn.user_id.startswith(ANONYMOUS_PREFIX),
        context=pseudonyms.mask_values(conversation.context),
        messages=said(earlier, pseudonyms),
        asked=said(begun.asked, pseudonyms),
        summary=pseudonyms.mask(conversation.summary),
        unanswered=conversation.unanswered,
        request=begun.request,
        person_available=is_open(rules, now),
        expected_by=expected_by(rules, now),
        now=now,
    )


def said(stored: Sequence[Message], pseudonyms: Pseudonyms) -> tuple[Said, ...]:
    """Return messages as a reasoner gets to read them."""
    return tuple(
        Said(message.role, pseudonyms.mask(message.text), message.position, message.created_at) for message in stored
    )
