"""What the trial of conversations asks a model, and when its answer is right: one function for each kind of case."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from core.config import CompanyConfig, Tone
from core.conversations import Channel, Citation, ConversationState, ConversationTurn, HandledBy, Role
from core.playbooks import shipped
from core.recommendations import Recommendation
from graph.context import Knowledge
from graph.excerpts import Excerpt
from graph.journal import Calls
from graph.languages import is_written_in
from graph.onboarding.checking import check_drafts
from graph.onboarding.values import Drafts
from graph.reasoner import Reasoner
from graph.talk import Said, Talk, ToolCall, ToolResult, ToolSpec
from graph.tools.builtins import built_in_tools

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
IMPORT = Excerpt(
    "c1",
    "Import contacts",
    "Open Contacts and press Import. Save your spreadsheet as CSV first. A file may hold 5,000 rows.",
    "https://help.example/import",
)
TEAM = Excerpt(
    "c2", "Invite people", "Open Team and press Invite. Enter one address per line. Invitations last 7 days."
)
IMPORT_AR = Excerpt(
    "c3",
    "استيراد جهات الاتصال",
    "افتح صفحة جهات الاتصال واضغط «استيراد». احفظ الجدول بصيغة CSV أولًا. يتسع الملف لـ 5,000 صف.",
)
TEAM_AR = Excerpt("c4", "دعوة الفريق", "افتح صفحة الفريق واضغط «دعوة». اكتب عنوانًا واحدًا في كل سطر.")


@dataclass
class Heard:
    """A sink that keeps what is written."""

    text: str = ""

    async def restart(self) -> None:
        """Begin anew."""
        self.text = ""

    async def write(self, piece: str) -> None:
        """Keep a piece."""
        self.text += piece


Attempt = Callable[[Reasoner, Calls], Awaitable[tuple[bool, Any]]]
"""Asks the model; returns whether it is right, and what to show of it."""


def make_talk(asked: str, *before: str, playbook: str = "onboarding", language: str = "en", **changes: Any) -> Talk:
    """Return a talk in which the user says `asked` after lines such as "assistant: hello"."""
    said = tuple(
        Said(Role(role), text, number, NOW)
        for number, (role, text) in enumerate((line.split(": ", 1) for line in before), 1)
    )
    book = shipped()[playbook].playbook
    values: dict[str, Any] = {
        "turn": ConversationTurn(
            turn_id="t", company_id="c", user_id="u", conversation_id="v", created_at=NOW, trace_id="x"
        ),
        "config": CompanyConfig(tone=Tone(product_name="Relay")),
        "playbook": book,
        "playbook_version": "trial",
        "state": ConversationState.IN_PROGRESS,
        "handled_by": HandledBy.AGENT,
        "stage": book.first_stage,
        "language": language,
        "channel": Channel.PAGE,
        "customer_name": None,
        "is_anonymous": False,
        "context": {},
        "messages": said,
        "asked": (Said(Role.USER, asked, len(said) + 1, NOW),),
        "now": NOW,
    }
    return Talk(**{**values, **changes})


def learns(talk: Talk, **expected: str) -> Attempt:
    """Expect these answers and no others that were not there before; a value is a part of what is found."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        found = {one.name: one.value for one in (await reasoner.enhance_context(talk, calls)).value.learned}
        has_all = all(part.casefold() in found.get(name, "").casefold() for name, part in expected.items())
        return has_all and found.keys() == expected.keys(), found

    return attempt


def words(talk: Talk) -> Attempt:
    """Expect questions in words that the model made for this user, fit to be put."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        items = (await reasoner.generate_questions(talk, calls)).value.items
        open_items = {item.name: item for item in talk.playbook.stages[talk.stage].questions}
        own = [item.text for item in items if item.text != open_items[item.name].wording(talk.answer_language)]
        return bool(own), [(item.name, item.text) for item in items]

    return attempt


def recommends(talk: Talk, *cited: str) -> Attempt:
    """Expect a draft that passes the rules for each of these passages, and none that does not."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        drafts = (await reasoner.make_recommendations(talk, calls)).value
        verdicts = check_drafts(talk, drafts).items
        found = {one.chunk_id for draft in drafts.items for one in draft.citations}
        shown = [
            (one.title, one.summary, one.steps, judged.faults)
            for one, judged in zip(drafts.items, verdicts, strict=True)
        ]
        return found >= set(cited) and all(one.passes for one in verdicts), shown

    return attempt


def judges(talk: Talk, *drafts: tuple[Recommendation, bool]) -> Attempt:
    """Expect each draft to be passed or refused."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        given = Drafts(tuple(draft for draft, _ in drafts))
        verdicts = (await reasoner.validate_recommendations(talk, given, calls)).value.items
        said = [(one.passes, one.faults, one.problem, one.confidence) for one in verdicts]
        return [one.passes for one in verdicts] == [is_sound for _, is_sound in drafts], said

    return attempt


def answers(talk: Talk, *parts: str) -> Attempt:
    """Expect an answer in the language of the talk that holds these parts; there are no tools."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        reply = (await reasoner.converse(talk, (), calls, Heard())).value
        is_spoken = "UNANSWERABLE" in reply.text or is_written_in(reply.text, talk.answer_language)
        return is_spoken and not reply.tool_calls and all(part in reply.text for part in parts), reply.text

    return attempt


def calls_for(talk: Talk, *names: str) -> Attempt:
    """Expect a call of one of these tools first; with none named, an answer in words."""

    async def attempt(reasoner: Reasoner, calls: Calls) -> tuple[bool, Any]:
        heard = Heard()
        reply = (await reasoner.converse(talk, tools_of(talk), calls, heard)).value
        called = [(one.name, one.arguments) for one in reply.tool_calls]
        is_right = bool(called) and called[0][0] in names and not heard.text.strip() if names else not called
        return is_right, called or reply.text

    return attempt


def tools_of(talk: Talk) -> tuple[ToolSpec, ...]:
    """Return the tools that the product would offer; none of them is run."""
    tools = built_in_tools(knowledge=cast(Knowledge, None), may_remember=True)
    return tuple(spec for tool in tools if (spec := tool.spec(talk)))


def draft(
    title: str, summary: str, *steps: str, cited: Excerpt, rests_on: tuple[str, ...] = ("goal",)
) -> Recommendation:
    """Return a draft in English as somebody made it."""
    citation = Citation(title=cited.title, url=cited.url, marker=1, chunk_id=cited.chunk_id)
    return Recommendation(
        title=title,
        summary=summary,
        steps=steps,
        citations=(citation,),
        rests_on=rests_on,
        confidence=0.8,
        risk="low",
        language="en",
    )


def found(query: str, text: str) -> ToolResult:
    """Return the result of a search that was made in this turn."""
    return ToolResult(ToolCall("1", "search_knowledge", json.dumps({"query": query})), "done", text)
