"""What is wrong with a playbook that only the whole shows: ways that lead nowhere, tools and texts that are missing.

It is looked for in what can be read of a definition, so that all of its faults are named at once. Pure.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from core.playbooks import Playbook, Stage

Place: TypeAlias = tuple[str | int, ...]
"""Where a fault is: names and positions from the definition down."""


def readable(model: type[BaseModel], data: Any) -> dict[str, Any]:
    """Return the fields of a definition that are right by themselves."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items() if isinstance(data, Mapping) else ():
        if name in data:
            with suppress(ValidationError):
                found[name] = TypeAdapter(field.rebuild_annotation()).validate_python(data[name])
    return found


def ways(data: Any, stages: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where a stage leads by its definition; everywhere, if that cannot be read: then nothing is amiss there."""
    given = data.get("next", ()) if isinstance(data, Mapping) else None
    return tuple(map(str, given)) if isinstance(given, list | tuple) else tuple(stages)


def faults(playbook: "Playbook", fallback: str) -> Iterator[tuple[Place, str]]:
    """Yield each fault that only the whole shows, with its place; `fallback` is what texts fall back to, a language."""
    if playbook.first_stage not in playbook.stages:
        yield ("first_stage",), f"there is no stage {playbook.first_stage}"
    for key, stage in playbook.stages.items():
        yield from _stage_faults(playbook, key, stage)
    if playbook.first_stage in playbook.stages:
        for key in sorted(set(playbook.stages) - _reachable(playbook)):
            yield ("stages", key), "no way leads to this stage"
    yield from _language_faults(playbook, fallback)


def _stage_faults(playbook: "Playbook", key: str, stage: "Stage") -> Iterator[tuple[Place, str]]:
    for position, name in enumerate(stage.next):
        if name not in playbook.stages:
            yield ("stages", key, "next", position), f"there is no stage {name}"
    for position, tool in enumerate(stage.tools or ()):
        if tool not in playbook.tools:
            yield ("stages", key, "tools", position), f"the playbook does not name the tool {tool}"
    names = [question.name for question in stage.questions]
    for position, name in enumerate(names):
        if name in names[:position]:
            yield ("stages", key, "questions", position, "name"), f"there is another question {name} in this stage"
    for position, question in enumerate(stage.questions):
        place = ("stages", key, "questions", position)
        for words in sorted(set(question.also) - question.kept_choices):
            yield (*place, "also", words), f"there is no choice {words}"
        if question.accepts == "choices" and not question.choices:
            yield (*place, "accepts"), "there are no choices"


def _reachable(playbook: "Playbook") -> set[str]:
    found, ahead = {playbook.first_stage}, [playbook.first_stage]
    while ahead:
        new = set(playbook.stages[ahead.pop()].next) & set(playbook.stages) - found
        found |= new
        ahead += new
    return found


def _language_faults(playbook: "Playbook", fallback: str) -> Iterator[tuple[Place, str]]:
    """Yield the texts that some user of the playbook's languages could not be shown."""
    for place, text in _texts(playbook):
        missing = [language for language in playbook.languages if language not in text]
        if missing and fallback not in text:
            yield place, f"says nothing in {', '.join(missing)}, and has no {fallback} to fall back to"


def _texts(playbook: "Playbook") -> Iterator[tuple[Place, Mapping[str, str]]]:
    yield ("greeting",), playbook.greeting
    for number, suggestion in enumerate(playbook.suggestions):
        yield ("suggestions", number, "text"), suggestion.text
    for key, stage in playbook.stages.items():
        for position, question in enumerate(stage.questions):
            place = ("stages", key, "questions", position)
            yield (*place, "text"), question.text
            for number, choice in enumerate(question.choices):
                yield (*place, "choices", number), choice
