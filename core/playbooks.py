"""Playbooks: how the agent leads a kind of conversation, as data that anybody may write and everything checks.

The shipped ones are files of `core/playbook_files`; a company stores its own, which take the place of a shipped one of
the same name. What follows from a playbook (which questions are open, whether a stage may follow) is decided here, by
pure functions, for the API and the graph alike.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from core.playbook_faults import Place, faults, readable, ways

NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Translated = Annotated[dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], Line], Field(min_length=1)]
"""A text for users by language; `en` is the one that others fall back to."""
Answers = Literal["choices", "number", "words", "text"]
FALLBACK_LANGUAGE: Final = "en"
MAX_SUGGESTED: Final = 4
"""Questions that are offered at once: as many as the page shows."""
FALLBACK: Final = "support"
"""The shipped playbook that holds where a company's own cannot be read and none is shipped under its name."""
_FOLDER: Final = Path(__file__).parent / "playbook_files"


def in_language(text: Mapping[str, str], language: str | None) -> str:
    """Return a text in a language (a BCP 47 tag; its region does not count), else in English, else in its first."""
    return text[language_of(text, language)]


def language_of(text: Mapping[str, str], language: str | None) -> str:
    """Return the language that a text is read in by who asks for `language`: that one, else English, else its first."""
    wanted = (language or "").split("-")[0].lower()
    return next((tag for tag in (wanted, FALLBACK_LANGUAGE) if text.get(tag)), next(iter(text)))


def kept(choice: Mapping[str, str]) -> str:
    """Return the wording under which the answer that a choice is will be kept, whatever language it was given in."""
    return in_language(choice, FALLBACK_LANGUAGE)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Section):
    """Something to find out from the user: kept as a profile fact under `name` when the user allows it."""

    name: Name
    text: Translated
    choices: tuple[Translated, ...] = Field((), max_length=12)
    also: Mapping[Line, Annotated[tuple[Line, ...], Field(max_length=40)]] = Field(
        {}, description="Other words for a choice, in any language, by its English wording"
    )
    told_as: tuple[Line, ...] = Field(
        (),
        max_length=80,
        description="Words by which users tell it unasked: “my role is *”; without *, an answer itself",
    )
    accepts: Answers | None = Field(
        None, description="What counts as an answer beside the choices; left out: nothing where there are choices"
    )
    required: bool = True
    unless: Name | None = Field(None, description="Context or fact that makes the question needless when it is known")

    @property
    def own_words(self) -> Answers:
        """What counts as an answer beside the choices: nothing else, one with a number in it, a few words, or any."""
        return self.accepts or ("choices" if self.choices else "words")

    @property
    def kept_choices(self) -> frozenset[str]:
        """The choices as answers are kept."""
        return frozenset(map(kept, self.choices))

    @property
    def offers_nothing(self) -> bool:
        """Whether the user answers in words of their own: there is nothing to choose from, and no number to name."""
        return not self.choices and self.own_words in ("words", "text")

    def shown(self, value: str, language: str | None) -> str:
        """Return an answer as it was kept in the words of a language, where it is one of the choices."""
        return next((in_language(choice, language) for choice in self.choices if kept(choice) == value), value)

    def is_open(self, known: Collection[str]) -> bool:
        """Tell whether the question has yet to be asked, by the names of what is known."""
        return self.name not in known and (self.unless is None or self.unless not in known)

    def wording(self, language: str | None) -> str:
        """Return the question as it is put to a user, with its choices in brackets."""
        options = " / ".join(in_language(choice, language) for choice in self.choices)
        asked = in_language(self.text, language)
        return f"{asked} ({options})" if options else asked


class Stage(_Section):
    """One stage: what to do in it, and where it may lead."""

    title: Line
    rules: tuple[Text, ...] = Field((), max_length=20)
    questions: tuple[Question, ...] = Field((), max_length=20)
    tools: tuple[Name, ...] | None = Field(None, description="Tools of this stage; left out: all of the playbook")
    next: tuple[Name, ...] = Field((), max_length=12, description="Stages that may follow; none: the end")


class Suggestion(_Section):
    """A question that a user may begin with. Of a page: on the page of that path, and on those below it."""

    text: Translated
    page: Annotated[str, StringConstraints(pattern=r"^/", max_length=200)] | None = None

    def fits(self, path: str | None) -> bool:
        """Tell whether it is for the page of a path; one of no page is for all of them."""
        return self.page is None or path == self.page or (path or "").startswith(f"{self.page.rstrip('/')}/")


class Limits(_Section):
    """What one conversation may take."""

    tool_rounds: Annotated[int, Field(ge=0, le=10)] = 4
    tool_calls_per_turn: Annotated[int, Field(ge=0, le=20)] = 8
    answer_tokens: Annotated[int, Field(ge=64, le=4096)] = 500
    messages_per_minute: Annotated[int, Field(ge=1, le=600)] = 20
    debounce_ms: Annotated[int, Field(ge=0, le=30_000)] = Field(300, description="Quick messages become one turn")
    stale_minutes: Annotated[int, Field(ge=1, le=43_200)] = Field(1440, description="Silence that ends it")
    conversation_cents: Annotated[float, Field(ge=0)] = Field(50, description="LLM cost of one conversation")
    user_daily_cents: Annotated[float, Field(ge=0)] = Field(100, description="LLM cost of one user and UTC day")
    unanswered_before_human: Annotated[int, Field(ge=1, le=10)] = 2


class Playbook(_Section):
    """A whole playbook. `first_stage` and every stage named anywhere must exist."""

    name: Name
    title: Line
    persona: Text
    tone: Text
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = Field(
        ("en", "ar"), min_length=1
    )
    greeting: Translated
    first_stage: Name
    stages: Mapping[Name, Stage] = Field(min_length=1, max_length=40)
    suggestions: tuple[Suggestion, ...] = Field((), max_length=40, description="Questions to begin with")
    tools: tuple[Name, ...] = ("search_knowledge", "create_ticket", "request_human", "advance_stage")
    limits: Limits = Limits()
    recommends: bool = Field(False, description="Ends in drafts of recommendations")

    @model_validator(mode="wrap")
    @classmethod
    def _is_whole(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Look for what only the whole shows also where single fields are wrong: all faults are named at once."""
        try:
            playbook, wrong = handler(data), []
        except ValidationError as error:
            playbook, wrong = _outline(data), error.errors(include_url=False)
        places = [fault["loc"] for fault in wrong]
        found = [
            _fault(place, text)
            for place, text in (faults(playbook, FALLBACK_LANGUAGE) if playbook is not None else ())
            if not any(place[: len(known)] == known for known in places)
        ]
        if playbook is None or wrong or found:
            raise ValidationError.from_exception_data(cls.__name__, [*map(_again, wrong), *found])
        return playbook

    def may_advance(self, stage: str, to: str) -> bool:
        """Tell whether the table lets a conversation go from one stage to another."""
        return stage in self.stages and to in self.stages[stage].next

    def known_stage(self, stage: str | None) -> str:
        """Return the stage if there is one of that name, else the first: a newer version may have lost the old one."""
        return stage if stage is not None and stage in self.stages else self.first_stage

    def open_items(self, stage: str | None, known: Collection[str]) -> tuple[Question, ...]:
        """Return the questions of a stage that are neither answered nor needless, in order."""
        return tuple(item for item in self.stages[self.known_stage(stage)].questions if item.is_open(known))

    def open_questions(self, stage: str | None, known: Mapping[str, Any], language: str | None) -> tuple[str, ...]:
        """Return the open questions of a stage as they are put to a user. Pure.

        `known` are facts and context by name; a value that is None or empty is not known.
        """
        return tuple(item.wording(language) for item in self.open_items(stage, known_names(known)))

    def suggested(self, language: str | None, path: str | None) -> tuple[str, ...]:
        """Return the questions to offer on the page of a path, those of the page first, at most MAX_SUGGESTED."""
        fitting = sorted((one for one in self.suggestions if one.fits(path)), key=lambda one: one.page is None)
        return tuple(dict.fromkeys(in_language(one.text, language) for one in fitting))[:MAX_SUGGESTED]

    def speaks(self, language: str | None) -> bool:
        """Tell whether the playbook is meant for that language (a BCP 47 tag)."""
        return (language or "").split("-")[0].lower() in self.languages


@dataclass(frozen=True, slots=True)
class Versioned:
    """A playbook and the version that a turn notes. `fault` says why a company's own one could not be used, if so."""

    playbook: Playbook
    version: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """Whether a conversation may go to a stage, and where it stands after that. `code` is a stable word."""

    allowed: bool
    stage: str
    code: Literal["advanced", "already_there", "unknown_stage", "illegal_transition"]


def decide_advance(playbook: Playbook, stage: str, to: str) -> Advance:
    """Return what becomes of a wish to go to stage `to`: the table decides, nobody else. Pure."""
    present = playbook.known_stage(stage)
    if to not in playbook.stages:
        return Advance(False, present, "unknown_stage")
    if to == present:
        return Advance(True, present, "already_there")
    if not playbook.may_advance(present, to):
        return Advance(False, present, "illegal_transition")
    return Advance(True, to, "advanced")


def known_names(known: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of what is really known: neither None, nor blank, nor an empty list."""
    return frozenset(name for name, value in known.items() if _says_something(value))


def parse_playbook(data: Any) -> Playbook:
    """Return a playbook from plain data; raises pydantic.ValidationError that names each fault by its place."""
    return Playbook.model_validate(data)


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Versioned]:
    """Return the playbooks that come with the product, by name; read once, when first asked for."""
    found = (_read_shipped(path) for path in sorted(_FOLDER.glob("*.yaml")))
    return MappingProxyType({one.playbook.name: one for one in found})


def _read_shipped(path: Path) -> Versioned:
    import yaml  # here, so that a process that never holds a conversation starts without it

    source = path.read_bytes()
    playbook = parse_playbook(yaml.safe_load(source))
    return Versioned(playbook, f"{playbook.name}-{hashlib.sha256(source).hexdigest()[:8]}")


def _says_something(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value not in ([], {}, ())


def _outline(data: Any) -> Any:
    """Return as much of a playbook as can be read, None if that is nothing: to look for faults in, and for no talk."""
    given = data.get("stages") if isinstance(data, Mapping) else None
    if not isinstance(given, Mapping):
        return None
    stages = {
        str(key): Stage.model_construct(**{**readable(Stage, stage), "next": ways(stage, given)})
        for key, stage in given.items()
    }
    named = tuple({tool for stage in stages.values() for tool in stage.tools or ()})
    lost: dict[str, Any] = {"first_stage": "", "greeting": {FALLBACK_LANGUAGE: ""}}
    lost |= {name: value for name, value in (("languages", ()), ("tools", named)) if name in data}
    return Playbook.model_construct(**{**lost, **readable(Playbook, data), "stages": stages})


def _again(fault: ErrorDetails) -> InitErrorDetails:
    return {"type": fault["type"], "loc": fault["loc"], "input": fault["input"], "ctx": fault.get("ctx", {})}


def _fault(place: Place, text: str) -> InitErrorDetails:
    return {"type": PydanticCustomError("playbook", "{text}", {"text": text}), "loc": place, "input": None}
