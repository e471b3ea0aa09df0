"""What follows from an answer, in the transaction that stores it: stage, language, decisions, recommendations."""

from contextlib import suppress
from datetime import UTC, datetime

from core.conversations import TRANSITIONS, ConversationState, IllegalStage
from core.recommendations import Decision
from db import conversations, recommendations
from db import memory as memory_rows
from db.pool import Connection
from graph.onboarding.flow import RECOMMENDED
from graph.talk import Answer, Effect, Talk, Understanding


async def follow_up(
    connection: Connection, talk: Talk, answer: Answer, understanding: Understanding, now: datetime
) -> None:
    """Carry out what tools and the user decided, and note language and playbook of the turn."""
    place = (talk.turn.company_id, talk.turn.conversation_id)
    await conversations.set_language(connection, *place, understanding.language)
    await conversations.set_playbook_version(connection, *place, talk.playbook_version)
    if understanding.declines_person and not talk.declined_person:
        await conversations.set_declines_person(connection, *place, declines=True)
    for effect in answer.effects:
        if effect.kind == "advance_stage":
            with suppress(IllegalStage):  # the playbook was changed meanwhile
                await conversations.advance(connection, *place, talk.playbook, effect.values["stage"])
        elif effect.kind == "decide":
            await _note_decision(connection, talk, effect, now)


async def settle_recommending(
    connection: Connection, talk: Talk, answer: Answer, state: ConversationState, now: datetime
) -> None:
    """Keep what was recommended, and bring the conversation out of the state in which that is done.

    That it was done is noted also where nothing came of it: the user has been told, and need not be told at every turn.
    """
    turn = talk.turn
    place = (turn.company_id, turn.conversation_id)
    if answer.recommendations:
        await recommendations.insert(connection, *place, turn.turn_id, turn.user_id, answer.recommendations, now)
    if state is ConversationState.GENERATING_RECOMMENDATIONS:
        await memory_rows.note_answers(connection, *place, {RECOMMENDED: turn.turn_id})
        awaits = any(verdict.passes for _, verdict in answer.recommendations)
        to = ConversationState.AWAITING_USER_APPROVAL if awaits else ConversationState.IN_PROGRESS
        await move(connection, talk, state, to)


async def move(connection: Connection, talk: Talk, state: ConversationState, to: ConversationState) -> None:
    """Change the state where the table allows it; whatever it was meanwhile changed to otherwise stays."""
    if to in TRANSITIONS[state]:
        await conversations.update(
            connection, talk.turn.company_id, talk.turn.conversation_id, datetime.now(UTC), state=to
        )


async def _note_decision(connection: Connection, talk: Talk, effect: Effect, now: datetime) -> None:
    """Keep what the user said to recommendations with their drafts."""
    decision: Decision = "accepted" if effect.values["decision"] == "accepted" else "declined"
    numbers = [int(number) for number in effect.values["numbers"].split(",")]
    place, made_in = (talk.turn.company_id, talk.turn.conversation_id), effect.values["turn"]
    await recommendations.decide(connection, *place, made_in, numbers, decision, talk.turn.turn_id, now)
