"""What the nodes do in a conversation turn: understand, answer, store, hand over; each returns changes of the state."""

import asyncio
from dataclasses import replace
from typing import Any, Final

from core.conversations import HandledBy
from graph.context import TurnContext
from graph.conversing.answering import compose
from graph.conversing.understanding import read_message
from graph.conversing.words import failure_of, fixed_words, handover_words, with_concern, with_foreword
from graph.handoff.offers import without_offers
from graph.receipts import receipt_step
from graph.routing import decide_talk_route, leads_to_person, ticket_reason
from graph.state import TurnState, answer_of, dump_answer, dump_understanding, understanding_of
from graph.talk import Answer, Effect, Talk, Understanding
from graph.talk_context import TalkContext

MAX_SUMMARY: Final = 500
"""Characters of what the user asked that the person called in reads in the alert."""
READ_AT_ONCE: Final = 1000
"""Characters up to which a message is read on the loop: some 12 ms of CPU on a busy machine."""


async def understand_message(context: TurnContext, means: TalkContext) -> TurnState:
    """Understand what the user said and decide where the turn goes; no model is asked, but for one that moderates."""
    understanding = await _judged(await _read(means.talk), means)
    talk = replace(means.talk, understanding=understanding)
    present = HandledBy.AGENT if understanding.takes_back else talk.handled_by
    route = decide_talk_route(understanding, present, declines_person=talk.declines_person)
    step = receipt_step(
        "diagnose",
        "understood",
        context.now(),
        understanding.intent,
        confidence=understanding.confidence,
        language=understanding.language,
        sentiment=understanding.sentiment,
        wants_person=understanding.wants_person,
        rules=[verdict.rule for verdict in understanding.verdicts],
    )
    changes: TurnState = {
        "understanding": dump_understanding(understanding),
        "route": route.to,
        "reason": route.reason,
        "receipt": [step, receipt_step("route", route.to, context.now(), route.reason)],
    }
    if route.outcome:
        return {**changes, "outcome": route.outcome}
    if words := fixed_words(talk, route.reason):
        changes["answer"] = dump_answer(words)
        changes |= {"route": "act", "outcome": "answered"} if route.to == "coach" else {}
    return changes


async def _read(talk: Talk) -> Understanding:
    """Read what is to be answered; much of it beside the loop, since other turns wait for that."""
    if len(talk.question) <= READ_AT_ONCE:
        return read_message(talk)
    return await asyncio.to_thread(read_message, talk)


async def answer_message(state: TurnState, context: TurnContext, means: TalkContext) -> TurnState:
    """Compose the answer; sentences reach the page while it is written."""
    talk = _understood(state, means)
    composed = await compose(context, means, talk)
    text = composed.answer.text
    told = with_foreword(talk, without_offers(text) if talk.declines_person else text)
    composed = replace(composed, answer=replace(composed.answer, text=told))
    reason = leads_to_person(composed.answer, talk)
    step = receipt_step(
        "coach", "composed", context.now(), composed.outcome, reasoner=composed.provider, **composed.facts
    )
    changes: TurnState = {
        "answer": dump_answer(composed.answer),
        "outcome": composed.outcome,
        "route": "escalate" if reason else "act",
        "reason": reason or "",
        "prompts": {"converse": composed.version} if composed.version else {},
        "receipt": [step],
    }
    if composed.provider:
        changes["reasoner"] = composed.provider
    if composed.error:
        changes["error"] = composed.error
    return changes


async def store_answer(state: TurnState, context: TurnContext, means: TalkContext) -> TurnState:
    """Store the answer with what follows from it, and publish it."""
    answer = answer_of(state)
    assert answer is not None  # every way to `act` composes one
    step = await _store(_understood(state, means), answer, state, context, means)
    return {"outcome": state.get("outcome", "refused" if answer.verdicts else "answered"), "receipt": [step]}


async def hand_over(state: TurnState, context: TurnContext, means: TalkContext) -> TurnState:
    """Call a person and tell the user, after what is to be said first; what tools decided is carried out as well."""
    talk, reason, answer = _understood(state, means), ticket_reason(state.get("reason", "")), answer_of(state)
    failed = failure_of(answer) if answer else None
    in_danger = reason == "safety" and answer is not None
    words, steps = handover_words(talk, after_failure=failed, after_hotline=in_danger), []
    if answer is not None:
        in_one = failed is not None or not answer.text
        helped = answer.is_answered or not answer.text
        told = replace(answer, text=with_concern(talk, words), is_answered=helped) if in_one else answer
        steps = [await _store(talk, told, state, context, means)]
        words = "" if in_one else words
    else:
        words = with_concern(talk, words)
    ticket = await means.conversations.hand_over(talk, reason, talk.question[:MAX_SUMMARY], words)
    steps.append(receipt_step("escalate", "handed_over", context.now(), reason, escalation_id=ticket))
    return {"outcome": "handed_over", "escalation_id": ticket, "receipt": steps}


async def _store(
    talk: Talk, answer: Answer, state: TurnState, context: TurnContext, means: TalkContext
) -> dict[str, Any]:
    if understanding_of(state).takes_back:
        answer = replace(answer, effects=(Effect("withdraw"), *answer.effects))
    message = await means.conversations.store_answer(talk, answer, understanding_of(state))
    effects = [effect.kind for effect in answer.effects]
    facts = {"message_id": message.message_id, "effects": effects, "cited": len(answer.citations)}
    return receipt_step("act", "stored", context.now(), answer.status, **facts)


async def _judged(understanding: Understanding, means: TalkContext) -> Understanding:
    """Return what was understood with the verdict of a moderation endpoint, where there is one and words are."""
    if means.moderator is None or not means.talk.asked:
        return understanding
    verdict = await means.moderator.moderate(means.talk.question)
    return understanding if verdict is None else replace(understanding, verdicts=(*understanding.verdicts, verdict))


def _understood(state: TurnState, means: TalkContext) -> Talk:
    return replace(means.talk, understanding=understanding_of(state))
