"""Which tools a user may cause to be used at a stage: by the playbook, by the stage, and by who the user is. Pure."""

from core.playbooks import Stage
from core.tools import ToolDefinition
from graph.talk import Effect, Talk


def stage_now(talk: Talk) -> str:
    """Return where the conversation stands: by its latest move of this turn, or as it stood before."""
    moves = [effect for result in talk.results for effect in result.effects if effect.kind == "advance_stage"]
    return talk.playbook.known_stage(moves[-1].values["stage"] if moves else talk.stage)


def stage_of(talk: Talk) -> Stage:
    """Return the stage that the conversation is in."""
    return talk.playbook.stages[stage_now(talk)]


def listed(talk: Talk) -> frozenset[str]:
    """Return the names that the stage lists, or the playbook where the stage lists none."""
    own = stage_of(talk).tools
    return frozenset(talk.playbook.tools if own is None else own)


def may_be_offered(talk: Talk, definition: ToolDefinition) -> bool:
    """Tell whether a definition's tools may be used in a conversation by this user, at whatever stage."""
    role = "anonymous" if talk.is_anonymous else "user"
    is_meant = definition.playbooks is None or talk.playbook.name in definition.playbooks
    return role in definition.roles and is_meant and any(map(definition.goes_by, talk.playbook.tools))


def is_offered(talk: Talk, name: str, definition: ToolDefinition) -> bool:
    """Tell whether a company's tool may be used now. A playbook lists an MCP server, or single tools of it."""
    return may_be_offered(talk, definition) and not listed(talk).isdisjoint((name, definition.name))


def advance(stage: str) -> Effect:
    """Return the move to a stage."""
    return Effect("advance_stage", {"stage": stage})
