"""The tools that come with the product. A further one is a class here, or beside, and a line in `built_in_tools`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.playbooks import NAME_PATTERN, decide_advance
from graph.context import Knowledge
from graph.talk import Effect, Talk, ToolSpec
from graph.tools.contracts import ILLEGAL_STAGE, BuiltIn, Done, Refused
from graph.tools.offers import advance, listed, stage_now, stage_of
from graph.tools.searching import SearchKnowledge

MAX_SUMMARY: Final = 600
MAX_VALUE: Final = 500
"""Characters of a remembered value (`profile_facts`)."""


def built_in_tools(*, knowledge: Knowledge | None, may_remember: bool) -> tuple[BuiltIn, ...]:
    """Return the built-in tools of a turn.

    `may_remember` says that the user did not forbid that what they tell about themselves is kept. Whether it is kept
    beyond the conversation, and when the user is asked, is decided where the effect is carried out.
    """
    found: list[BuiltIn] = [CreateTicket(), RequestHuman(), AdvanceStage()]
    if knowledge is not None:
        found.insert(0, SearchKnowledge(knowledge))
    if may_remember:
        found.append(Remember())
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """`create_ticket`: a person will look into something later; the conversation goes on."""

    name: str = "create_ticket"
    needs_real_values: bool = True

    def spec(self, talk: Talk) -> ToolSpec | None:
        """Offered where the playbook lists it."""
        if self.name not in listed(talk):
            return None
        text = "Open a ticket so that a person looks into the user's problem later. The conversation goes on with you."
        schema = {"subject": _text("What it is about, in a few words", 120), "summary": _text(_SUMMARY, MAX_SUMMARY)}
        return ToolSpec(self.name, text, _object(schema))

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:
        """Ask for a ticket."""
        effect = Effect("create_ticket", {"subject": arguments["subject"], "summary": arguments["summary"]})
        return Done({"ticket": "will be opened with your answer", **_promise(talk)}, (effect,))


@dataclass(frozen=True, slots=True)
class RequestHuman:
    """`request_human`: a person takes over."""

    name: str = "request_human"
    needs_real_values: bool = True

    def spec(self, talk: Talk) -> ToolSpec | None:
        """Offered where the playbook lists it."""
        if self.name not in listed(talk):
            return None
        text = "Hand the conversation over to a person. Use it when the user wants one, or when you cannot help."
        return ToolSpec(self.name, text, _object({"reason": _text(_SUMMARY, MAX_SUMMARY)}))

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:
        """Ask for a person."""
        effect = Effect("request_human", {"reason": arguments["reason"]})
        return Done({"person": "will be called with your answer", **_promise(talk)}, (effect,))


@dataclass(frozen=True, slots=True)
class AdvanceStage:
    """`advance_stage`: the one way by which a model moves a conversation; the playbook's table decides."""

    name: str = "advance_stage"
    needs_real_values: bool = False

    def spec(self, talk: Talk) -> ToolSpec | None:
        """Offered where the playbook lists it and the stage leads somewhere; names where to."""
        ways = stage_of(talk).next
        if self.name not in listed(talk) or not ways:
            return None
        titles = "; ".join(f"{name}: {talk.playbook.stages[name].title}" for name in ways)
        text = f"Move the conversation to another stage once this one has done its work. {titles}"[:1000]
        return ToolSpec(self.name, text, _object({"stage": {"type": "string", "maxLength": 64}}))

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:
        """Move, or raise Refused with the stages that are allowed."""
        present = stage_now(talk)
        move = decide_advance(talk.playbook, present, arguments["stage"])
        if not move.allowed:
            ways = ", ".join(talk.playbook.stages[present].next) or "none: it is the last"
            raise Refused(ILLEGAL_STAGE, f"from stage {present} the conversation may go to: {ways}")
        stage = talk.playbook.stages[move.stage]
        effects = () if move.stage == present else (advance(move.stage),)
        return Done({"stage": move.stage, "title": stage.title, "rules": list(stage.rules)}, effects)


@dataclass(frozen=True, slots=True)
class Remember:
    """`remember`: keeps what the user said of themselves, for the questions that the playbook asks."""

    name: str = "remember"
    needs_real_values: bool = True

    def spec(self, talk: Talk) -> ToolSpec | None:
        """Offered where the playbook lists it, or asks something at this stage."""
        if self.name not in listed(talk) and not stage_of(talk).questions:
            return None
        asked = dict.fromkeys(item.name for stage in talk.playbook.stages.values() for item in stage.questions)
        name: dict[str, Any] = {"enum": list(asked)} if asked else {"pattern": NAME_PATTERN}
        text = "Keep a fact that the user told about themselves, so that nobody has to ask again."
        return ToolSpec(self.name, text, _object({"name": {"type": "string"} | name, "value": _text("", MAX_VALUE)}))

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:  # noqa: ARG002 - the Protocol's
        """Ask for the fact to be kept."""
        effect = Effect("remember", {"name": arguments["name"], "value": arguments["value"]})
        return Done({"noted": arguments["name"]}, (effect,))


_SUMMARY: Final = "For the person: what the user wants, and what was tried"


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _text(description: str, length: int) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": length}
    return text | ({"description": description} if description else {})


def _promise(talk: Talk) -> dict[str, Any]:
    """Return what the user may be told of when a person answers."""
    by = {"answer_expected_by": talk.expected_by.isoformat(timespec="minutes")} if talk.expected_by else {}
    return {"somebody_is_there_now": talk.person_available, **by}
