"""Composes the answer of a turn: reads up, lets the reasoner talk and use tools in bounded rounds, says how it went.

Whatever goes wrong ends in words: a provider that fails, a budget that is spent, an answer of which nothing may be
said. What was found out in between (results of tools, effects) is never lost with the words.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core.errors import BudgetExhausted, ProductError, ProviderFailed, ProviderTimeout
from core.passages import Passage
from core.tools import BUILT_IN
from graph.context import TurnContext
from graph.conversing.abroad import FromAbroad, read_abroad
from graph.conversing.checking import Grounds, grounds_for
from graph.conversing.guarding import guard_for
from graph.conversing.learning import learn
from graph.conversing.reading import Reading, read_up
from graph.conversing.recommending import recommend
from graph.conversing.streaming import AnswerStream, Streamed
from graph.onboarding.flow import after_answers
from graph.phrases import phrase
from graph.reasoner import Reasoned
from graph.reasoners import talking
from graph.reasoners.choice import reasoner_for
from graph.reasoners.rules import NAME
from graph.state import TalkOutcome
from graph.talk import Answer, Effect, Reply, Stopped, Talk, ToolCall, ToolResult, ToolSpec, Verdict
from graph.talk_context import TalkContext
from graph.tools.contracts import UNKNOWN_TOOL

ANSWER_SECONDS: Final = 90.0
"""Bound of one answer with all its rounds; each call and each tool has its own, shorter limit."""
MAX_CALLS: Final = 32
"""Calls of one reply that are looked at; the playbook's own limit is lower, and each beyond it is told so."""


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer, how the turn ends by it, and what the receipt says of its making."""

    answer: Answer
    outcome: TalkOutcome
    facts: dict[str, Any]
    provider: str | None = None
    version: str | None = None
    error: str | None = None


@dataclass(slots=True)
class _Rounds:
    """What came of the rounds so far."""

    talk: Talk
    passages: tuple[Passage, ...]
    stream: AnswerStream
    last: Reasoned[Reply] | None = None
    learned: tuple[Effect, ...] = ()
    number: int = 0
    used: list[ToolResult] = field(default_factory=list)
    withheld: tuple[Verdict, ...] = ()
    """Why a model's words gave way to those of the rules."""

    @property
    def calls_person(self) -> bool:
        """Whether a tool called a person."""
        return any(effect.kind == "request_human" for effect in self.effects)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What the user's messages and the tools' results lead to."""
        return (*self.learned, *(effect for result in self.used for effect in result.effects))

    def take(self, results: Sequence[ToolResult]) -> None:
        """Take what tools returned into what the next round knows."""
        self.used += results
        self.passages += tuple(passage for result in results for passage in result.passages)
        found = tuple(excerpt for result in results for excerpt in result.excerpts)
        known = {excerpt.chunk_id for excerpt in self.talk.excerpts}
        excerpts = (*self.talk.excerpts, *(one for one in found if one.chunk_id not in known))
        self.talk = replace(self.talk, results=(*self.talk.results, *results), excerpts=excerpts)


async def compose(context: TurnContext, means: TalkContext, talk: Talk, *, seconds: float = ANSWER_SECONDS) -> Composed:
    """Return the answer to what the user asked. Sentences are on their way to the page before it returns."""
    await means.delivery.typing(talk.turn)
    reading = await read_up(context, talk)
    talk = replace(talk, excerpts=reading.excerpts, is_sure=reading.is_sure, inquiries=reading.inquiries)
    stream = AnswerStream(_grounds(context, means, talk, reading.passages), means.delivery, means.pseudonyms)
    rounds = _Rounds(talk, reading.passages, stream)
    try:
        async with asyncio.timeout(seconds):
            rounds.talk, rounds.learned = await learn(context, means, talk)
            if after_answers(rounds.talk) == "recommend":
                return await _recommend(context, means, rounds)
            if abroad := await read_abroad(context, means, talk, reading):
                reading = abroad.reading
                await _say_translated(context, means, rounds, abroad)
            else:
                await _converse(context, means, rounds)
            said = await rounds.stream.finish(is_cut=rounds.last is not None and rounds.last.value.is_cut)
            said = await _say_by_rules(rounds, said)
    except Stopped:
        return _stopped(rounds, reading)
    except TimeoutError:
        return _excused(rounds, reading, ProviderTimeout())
    except (ProviderFailed, BudgetExhausted) as error:
        return _excused(rounds, reading, error)
    return _answered(rounds, reading, said)


async def _say_translated(context: TurnContext, means: TalkContext, rounds: _Rounds, abroad: FromAbroad) -> None:
    """Say what a document in another language says, translated; there is nothing for a reasoner to add."""
    rounds.talk = replace(rounds.talk, excerpts=abroad.reading.excerpts)
    rounds.passages = abroad.reading.passages
    rounds.last = Reasoned(Reply(abroad.text), abroad.provider, abroad.version, is_verbatim=True)
    await rounds.stream.hold_to(_grounds(context, means, rounds.talk, rounds.passages))
    await rounds.stream.say(abroad.text, is_verbatim=True)


async def _recommend(context: TurnContext, means: TalkContext, rounds: _Rounds) -> Composed:
    """Make recommendations, for which the conversation is in a state of its own."""
    await means.conversations.begin_recommending(rounds.talk)
    made = await recommend(context, rounds.talk)
    answer = replace(made.answer, effects=(*rounds.learned, *made.answer.effects))
    facts = {"recommended": [verdict.passes for _, verdict in answer.recommendations], "language": answer.language}
    outcome: TalkOutcome = "answered" if answer.is_answered else "unanswered"
    return Composed(answer, outcome, facts, made.provider, made.version)


async def _converse(context: TurnContext, means: TalkContext, rounds: _Rounds) -> None:
    """Let the reasoner talk until it asks for no more tools, or may not."""
    limits = rounds.talk.playbook.limits
    reasoner = reasoner_for(context)
    for number in range(limits.tool_rounds + 1):
        rounds.number = number
        if await means.delivery.is_stopped(rounds.talk.turn):
            raise Stopped
        left = limits.tool_calls_per_turn - len(rounds.used)
        offered = tuple(means.tools.specs(rounds.talk)) if number < limits.tool_rounds and left > 0 else ()
        await rounds.stream.hold_to(_grounds(context, means, rounds.talk, rounds.passages))
        calls = replace(context.calls(rounds.talk.turn), round=number)
        rounds.last = await reasoner.converse(rounds.talk, offered, calls, rounds.stream)
        asked = _asked(rounds.last.value, offered)
        if not asked:
            break
        rounds.take(await means.tools.run(rounds.talk, asked, number))
        if rounds.calls_person:
            await rounds.stream.restart()  # the words by which a person is called are ours
            return
    if rounds.last and rounds.last.value.text and not rounds.stream.is_touched:
        await rounds.stream.say(rounds.last.value.text, is_verbatim=rounds.last.is_verbatim)


async def _say_by_rules(rounds: _Rounds, said: Streamed) -> Streamed:
    """Return what the rules say, where a model's words were withheld from their beginning and the rules do have an
    answer; else what was said. They quote no passage that was found by chance, or that a model saw no answer in."""
    if rounds.last is None or rounds.last.is_verbatim or rounds.calls_person or not said.lost_beginning:
        return said
    may_quote = rounds.talk.is_sure and not _gave_up(said)
    reply = talking.converse(rounds.talk if may_quote else replace(rounds.talk, excerpts=(), inquiries=()), ())
    if not (reply.text and reply.is_answered):
        return said
    await rounds.stream.restart()
    await rounds.stream.say(reply.text, is_verbatim=True)
    rounds.last, rounds.withheld = Reasoned(reply, NAME, talking.VERSION, is_verbatim=True), said.verdicts
    return await rounds.stream.finish()


def _gave_up(said: Streamed) -> bool:
    return any(verdict.rule == "unanswerable" for verdict in said.verdicts)


def _grounds(context: TurnContext, means: TalkContext, talk: Talk, passages: tuple[Passage, ...]) -> Grounds:
    return grounds_for(talk, passages, context.knowledge, guard_for(talk, passages, means.pseudonyms))


def _asked(reply: Reply, offered: Sequence[ToolSpec]) -> tuple[ToolCall, ...]:
    """Return the calls of a reply; a model that asks for tools when it was offered none asks in vain."""
    return reply.tool_calls[:MAX_CALLS] if offered else ()


def _answered(rounds: _Rounds, reading: Reading, said: Streamed) -> Composed:
    """Return what the user gets to read once everything was said; fixed words where nothing that answers is left."""
    language = rounds.talk.answer_language
    nothing_proven = not said.claims and not rounds.used and bool(said.verdicts)
    calls_person = rounds.calls_person
    text = _without_stump(said.text) if said.verdicts else said.text
    is_left = bool(text) and not nothing_proven
    answer = Answer(
        text=text if is_left else "" if calls_person else phrase(_failed(rounds, said), language),
        citations=said.citations if is_left else (),
        language=language,
        status="stored" if is_left or _gave_up(said) or calls_person or not said.verdicts else "withheld",
        is_answered=(is_left and (rounds.last is None or rounds.last.value.is_answered)) or calls_person,
        verdicts=(*rounds.withheld, *said.verdicts),
        effects=rounds.effects,
    )
    outcome: TalkOutcome = (
        "answered" if answer.is_answered else "withheld" if answer.status == "withheld" else "unanswered"
    )
    return _composed(rounds, reading, answer, outcome)


def _failed(rounds: _Rounds, said: Streamed) -> str:
    """Return how the user is told that there is no answer: the help pages hold none, or a look-up of the company's own
    failed, or what was said of it could not be proven."""
    looked_up = [one for one in rounds.used if one.call.name not in BUILT_IN and one.code != UNKNOWN_TOOL]
    broke_down = any(one.status != "done" for one in looked_up)
    return "withheld" if broke_down or (looked_up and not _gave_up(said)) else "unanswerable"


def _without_stump(text: str) -> str:
    """Return a text without the last lines that announce what was withheld after them."""
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].rstrip().endswith((":", "："))):
        lines.pop()
    return "\n".join(lines)


def _stopped(rounds: _Rounds, reading: Reading) -> Composed:
    said, language = rounds.stream.so_far(), rounds.talk.answer_language
    text = said.text or phrase("stopped", language)
    answer = Answer(text, said.citations, language, "stopped", verdicts=said.verdicts, effects=rounds.effects)
    return _composed(rounds, reading, answer, "stopped")


def _excused(rounds: _Rounds, reading: Reading, error: ProductError) -> Composed:
    """Return fixed words for an answer that nobody could give; what was said and proven before stays."""
    language = rounds.talk.answer_language
    outcome: TalkOutcome = "budget_exhausted" if isinstance(error, BudgetExhausted) else "provider_failed"
    said = rounds.stream.so_far()
    answer = Answer(
        text=f"{said.text}\n\n{phrase('error', language)}" if said.claims else phrase(outcome, language),
        citations=said.citations if said.claims else (),
        language=language,
        is_answered=False,
        verdicts=said.verdicts,
        effects=rounds.effects,
    )
    return replace(_composed(rounds, reading, answer, outcome), error=error.code)


def _composed(rounds: _Rounds, reading: Reading, answer: Answer, outcome: TalkOutcome) -> Composed:
    facts = {
        "rounds": rounds.number + 1,
        "tools": [{"name": one.call.name[:64], "status": one.status, "code": one.code} for one in rounds.used],
        "knowledge": {**reading.facts, "cited": [one.chunk_id for one in answer.citations]},
        "withheld": [verdict.rule for verdict in answer.verdicts],
        "language": answer.language,
    }
    last = rounds.last
    return Composed(answer, outcome, facts, last.provider if last else None, last.version if last else None)
