"""What the nodes do in a conversation turn: understand, answer, store, hand over; each returns changes of the state."""

from dataclasses import replace
from typing import Any

from graph.context import TurnContext
from graph.conversing.answering import compose
from graph.conversing.understanding import read_message
from graph.conversing.words import fixed_words, handover_words
from graph.memory.consent import learned_effects
from graph.receipts import receipt_step
from graph.routing import decide_talk_route, leads_to_person, ticket_reason
from graph.state import TalkOutcome, TurnState, answer_of, dump_answer, dump_understanding, understanding_of
from graph.talk import Answer, Talk, TalkContext, Understanding


async def understand_message(context: TurnContext, means: TalkContext) -> TurnState:
    """Understand what the user said and decide where the turn goes; no model is asked, but for one that moderates."""
    understanding = await _judged(read_message(means.talk), means)
    talk = replace(means.talk, understanding=understanding)
    route = decide_talk_route(understanding)
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
    if words := fixed_words(talk, route.reason):
        changes["answer"] = dump_answer(words)
        changes |= {"route": "act", "outcome": "answered"} if route.to == "coach" else {}
    return changes


async def answer_message(state: TurnState, context: TurnContext, means: TalkContext) -> TurnState:
    """Compose the answer; sentences reach the page while it is written."""
    talk = _understood(state, means)
    composed = await compose(context, means, talk)
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
    talk, answer = _understood(state, means), answer_of(state)
    assert answer is not None  # every way to `act` composes one
    answer = replace(answer, effects=(*answer.effects, *learned_effects(talk, means.pseudonyms)))
    message = await means.conversations.store_answer(talk, answer, understanding_of(state))
    step = receipt_step("act", "stored", context.now(), answer.status, message_id=message.message_id, **_facts(answer))
    return {"outcome": state.get("outcome", _outcome(state)), "receipt": [step]}


async def hand_over(state: TurnState, context: TurnContext, means: TalkContext) -> TurnState:
    """Store what is to be said first, if anything is, then call a person and tell the user."""
    changes: TurnState = {"receipt": []}
    answer = answer_of(state)
    if answer is not None and answer.text:
        changes = await store_answer(state, context, means)
    talk, reason = _understood(state, means), ticket_reason(state.get("reason", ""))
    ticket = await means.conversations.hand_over(talk, reason, talk.question[:500], handover_words(talk))
    step = receipt_step("escalate", "handed_over", context.now(), reason, escalation_id=ticket)
    return {**changes, "outcome": "handed_over", "escalation_id": ticket, "receipt": [*changes["receipt"], step]}


async def _judged(understanding: Understanding, means: TalkContext) -> Understanding:
    """Return what was understood with the verdict of a moderation endpoint, where there is one and words are."""
    if means.moderator is None or not means.talk.asked:
        return understanding
    verdict = await means.moderator.moderate(means.talk.question)
    return understanding if verdict is None else replace(understanding, verdicts=(*understanding.verdicts, verdict))


def _understood(state: TurnState, means: TalkContext) -> Talk:
    return replace(means.talk, understanding=understanding_of(state))


def _outcome(state: TurnState) -> TalkOutcome:
    return "handed_over" if state["route"] == "escalate" else "refused"


def _facts(answer: Answer) -> dict[str, Any]:
    return {"effects": [effect.kind for effect in answer.effects], "cited": len(answer.citations)}
