"""Conversations as the API holds them: begun, spoken in, and read back, each in one transaction of its own.

What is said is stored first and then queued; a request that fails between the two says so, and repeating it queues what
is stored. What came of it is read from PostgreSQL: Redis only tells when to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.budgets import Left, conversation_allowance, left
from core.config import CompanyConfig
from core.conversations import ANSWERS, ENDED_QUESTIONS, ConversationState, IncomingMessage
from core.errors import NotFound
from core.ids import new_id
from core.playbooks import Limits, Playbook, Versioned, in_language, language_of
from core.recommendations import MAX_DRAFTS, Recommendation, recommendation_id
from db import (
    ai_budgets,
    configs,
    conversation_intake,
    conversation_turns,
    conversations,
    messages,
    playbooks,
    profile_facts,
    recommendations,
)
from db.conversation_intake import Accepted
from db.conversation_rows import Conversation, NewConversation
from db.conversation_voices import check_voices
from db.pool import Connection
from ingest_api.conversation_schemas import ProcessResult, StartedConversation, StartRequest, TaskDocument
from ingest_api.speakers import Speaker
from ingest_api.talk_views import budget_left, has_ended, result_of, task_document
from ingest_api.wiring import Services


@dataclass(frozen=True, slots=True)
class Begun:
    """A conversation that begins or goes on, with the open questions of its stage and the language they are in. `ended`
    is a stale one that was closed for it."""

    conversation: Conversation
    playbook: Playbook
    config: CompanyConfig
    is_new: bool
    questions: tuple[str, ...]
    language: str
    ended: str | None = None


async def config_of(services: Services, connection: Connection, company_id: str) -> CompanyConfig:
    """Return a company's configuration, its budget cut to what the installation grants."""
    stored = await configs.load(connection, company_id)
    return stored.config.within(services.settings.llm.daily_cost_budget_cents)


async def begin(
    services: Services, connection: Connection, speaker: Speaker, wish: StartRequest, now: datetime
) -> Begun:
    """Begin a conversation, or go on with the active one where that is wished for.

    Raises:
        ConversationsUnavailable: there are none for this user.
        NotFound: an unknown playbook (code `unknown_playbook`).
        ConversationActive: one is active, and it is not wished to go on with it.
    """
    company_id, user_id = speaker.caller.company_id, speaker.require_user(wish.user_id)
    config = await config_of(services, connection, company_id)
    is_on = services.flags.may_converse(company_id, user_id, config.conversations)
    await conversations.lock_user(connection, company_id, user_id)
    stale = await conversations.end_stale(connection, company_id, user_id, now)
    ended = stale.conversation_id if stale else None
    active = await conversations.active_of(connection, company_id, user_id)
    await check_voices(connection, active, is_on=is_on)
    if active is not None and wish.resume_existing:
        return await _resumed(connection, active, config, wish, ended)
    chosen = await playbooks.load(connection, company_id, wish.wanted or config.conversations.default_playbook)
    known = await _known(connection, company_id, user_id, wish.context)
    language = wish.language or config.tone.language
    asked = chosen.playbook.open_questions(chosen.playbook.first_stage, known, language)
    begun = await conversations.start(connection, _new(speaker, user_id, wish, chosen, asked), now)
    return Begun(begun, chosen.playbook, config, is_new=True, questions=asked, language=language, ended=ended)


async def _resumed(
    connection: Connection, active: Conversation, config: CompanyConfig, wish: StartRequest, ended: str | None
) -> Begun:
    """Return the active conversation as it stands, told in the language that is asked for if the playbook has it."""
    playbook = await playbook_of(connection, active)
    language = wish.language if wish.language and playbook.speaks(wish.language) else None
    language = language or active.language or config.tone.language
    kept = active.context.get(ANSWERS)
    answers: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    known = {**await _known(connection, active.company_id, active.user_id, active.context), **answers}
    asked = () if ENDED_QUESTIONS in answers else playbook.open_questions(active.stage, known, language)
    return Begun(active, playbook, config, is_new=False, questions=asked, language=language, ended=ended)


def _new(
    speaker: Speaker, user_id: str, wish: StartRequest, chosen: Versioned, asked: tuple[str, ...]
) -> NewConversation:
    return NewConversation(
        conversation_id=new_id(),
        company_id=speaker.caller.company_id,
        user_id=user_id,
        playbook=chosen.playbook,
        playbook_version=chosen.version,
        language=wish.language,
        channel=speaker.channel,
        customer_name=wish.customer_name,
        phone=wish.phone,
        context=wish.context,
        questions=asked,
    )


async def _known(
    connection: Connection, company_id: str, user_id: str, context: Mapping[str, Any]
) -> Mapping[str, Any]:
    facts = await profile_facts.list_(connection, company_id, user_id)
    return {**{fact.name: fact.value for fact in facts}, **context}


async def playbook_of(connection: Connection, conversation: Conversation) -> Playbook:
    """Return the playbook that a conversation follows, or the usual one where that is gone by now."""
    return (await playbooks.load_begun(connection, conversation.company_id, conversation.playbook)).playbook


async def started(services: Services, connection: Connection, begun: Begun, now: datetime) -> StartedConversation:
    """Return what is told of a conversation that begins or goes on."""
    conversation, config = begun.conversation, begun.config
    limits = begun.playbook.limits
    return StartedConversation(
        conversation_id=conversation.conversation_id,
        state=conversation.state,
        questions=list(begun.questions),
        stage=conversation.stage,
        playbook=conversation.playbook,
        language=language_of(begun.playbook.greeting, begun.language),
        greeting=in_language(begun.playbook.greeting, begun.language),
        handled_by=conversation.handled_by,
        budget=budget_left(await _left(services, connection, conversation, config, limits, now)),
    )


async def budget_of(services: Services, connection: Connection, conversation: Conversation, now: datetime) -> Left:
    """Return what models may still cost in a conversation."""
    config = await config_of(services, connection, conversation.company_id)
    playbook = await playbook_of(connection, conversation)
    return await _left(services, connection, conversation, config, playbook.limits, now)


async def _left(
    services: Services,
    connection: Connection,
    conversation: Conversation,
    config: CompanyConfig,
    limits: Limits,
    now: datetime,
) -> Left:
    allowance = conversation_allowance(config, limits, services.settings.conversations)
    address = (conversation.company_id, conversation.user_id, conversation.conversation_id)
    return left(allowance, await ai_budgets.used(connection, *address, now))


async def accept(services: Services, connection: Connection, incoming: IncomingMessage, now: datetime) -> Accepted:
    """Store what a user says with the turn that will answer it.

    Raises what `db.conversation_intake.accept` does.
    """
    config = await config_of(services, connection, incoming.company_id)
    is_on = services.flags.may_converse(incoming.company_id, incoming.user_id, config.conversations)
    return await conversation_intake.accept(connection, incoming, config.conversations, now, is_on=is_on)


async def pass_on(services: Services, incoming: IncomingMessage, accepted: Accepted) -> None:
    """Queue the turn of a stored message, and show the message on the user's pages."""
    address = (incoming.company_id, incoming.user_id)
    if accepted.ended is not None:
        await services.desk.tell_ended(*address, accepted.ended, "stale")
    if accepted.turn is not None and accepted.publish:
        await services.desk.queue(accepted.turn)
    await services.desk.tell_message(*address, accepted.message)


async def task_of(services: Services, company_id: str, task: str, now: datetime) -> TaskDocument:
    """Return how a turn stands, by its id or its name, with its result once it has ended; raises NotFound."""
    async with services.database.transaction(company_id) as connection:
        stored = await conversation_turns.get(connection, company_id, task)
        if stored is None:
            raise NotFound("There is no such task.")
        if not has_ended(stored):
            return task_document(stored, None)
        said = await messages.of_turn(connection, company_id, stored.turn.turn_id)
        conversation = await conversations.get(connection, company_id, stored.turn.conversation_id)
        assert conversation is not None, "its turn refers to it"
        result = result_of(conversation, await budget_of(services, connection, conversation, now), stored, said)
        drafts = await _drafts(connection, conversation, stored.turn.turn_id)
    return task_document(stored, result.model_copy(update={"recommendations": drafts}))


async def _drafts(connection: Connection, conversation: Conversation, turn_id: str) -> list[Recommendation]:
    """Return what a turn recommended and the checker let pass, in the order in which the user was told."""
    if conversation.state is not ConversationState.AWAITING_USER_APPROVAL:
        return []
    page = await recommendations.list_(
        connection, conversation.company_id, conversation_id=conversation.conversation_id, status="draft"
    )
    known = {row["recommendation_id"]: row["draft"] for row in page.items}
    ids = [recommendation_id(turn_id, number) for number in range(1, MAX_DRAFTS + 1)]
    return [Recommendation.model_validate(known[one]) for one in ids if one in known]


async def result_without_turn(services: Services, company_id: str, accepted: Accepted, now: datetime) -> ProcessResult:
    """Return what came of a message that a person will answer."""
    async with services.database.transaction(company_id) as connection:
        conversation = await conversations.get(connection, company_id, accepted.conversation_id)
        assert conversation is not None, "its message refers to it"
        left_over = await budget_of(services, connection, conversation, now)
    return result_of(conversation, left_over, user_message_id=accepted.message.message_id)
