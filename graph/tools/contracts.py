"""What the runtime of tools works with: the values it passes on, and the Protocols of what lies outside.

A failure that is the tool's own is a `ToolFailed`; a refusal of ours is a `Refused`. Both carry a stable code for
programs and a few words for the model. `core.errors.Unavailable` stands for our own stores and ends the turn's run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from core.passages import Passage
from core.tools import ToolDefinition
from graph.excerpts import Excerpt
from graph.talk import Effect, Talk, ToolSpec

UNKNOWN_TOOL: Final = "unknown_tool"
"""Code: there is no tool of that name, or not for this user, playbook and stage."""
INVALID_ARGUMENTS: Final = "invalid_arguments"
"""Code: the arguments are no JSON object, too large, or not what the tool's schema asks for."""
TOO_MANY_CALLS: Final = "too_many_calls"
"""Code: the playbook's number of calls for one turn is used up."""
REPEATED_CALL: Final = "repeated_call"
"""Code: the same call stands earlier in this turn, and its result with it."""
RATE_LIMITED: Final = "rate_limited"
"""Code: this tool, or this user, had too many calls in the last minute."""
ILLEGAL_STAGE: Final = "illegal_stage"
"""Code: the playbook's table does not lead there."""
TIMEOUT: Final = "timeout"
"""Code: no answer in the time of the tool, or of the round."""
TOO_LATE: Final = "the tool did not answer in time"
"""How a model is told of it."""
TOOL_FAILED: Final = "tool_failed"
"""Code: the tool failed in a way that has no other code."""
SPEAKS_TO_MODEL: Final = "speaks_to_model"
"""Code of a result that is passed on, marked: something in it speaks to a model instead of giving data."""


class Refused(Exception):
    """A call that is not made. `words` are for the model and repeat nothing that it wrote: answers may rest on them."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class ToolFailed(Exception):
    """A call that was made, or tried, and did not succeed. `words` are ours; `said` is what the tool itself said."""

    def __init__(self, code: str, words: str, said: Any = None) -> None:
        super().__init__(code)
        self.code = code
        self.words = words
        self.said = said


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call as it goes out, with real values. `key` is the same whenever the same thing is asked for in a turn.

    A tool that changes something does it once per `key`, however often it is asked.
    """

    key: str
    call_id: str
    company_id: str
    user_id: str
    conversation_id: str
    turn_id: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What a tool returned: a text or a JSON value, with real values. `is_cut` when there was more."""

    value: Any
    is_cut: bool = False


class RemoteTool(Protocol):
    """A tool of a company's own: an HTTP endpoint, or one tool of an MCP server."""

    @property
    def spec(self) -> ToolSpec:
        """How a model gets to know it."""
        ...

    @property
    def definition(self) -> ToolDefinition:
        """Under which rules and limits it stands; playbooks list it by its own name or by this definition's."""
        ...

    async def call(self, invocation: Invocation) -> Content:
        """Call once, in any time: the runtime bounds it.

        Raises:
            ToolFailed: it brought nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a built-in tool came to. `value` is what the model reads, a text or a JSON value."""

    value: Any
    effects: tuple[Effect, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    passages: tuple[Passage, ...] = ()


class BuiltIn(Protocol):
    """A tool that comes with the product; it changes nothing by itself, but may ask for effects."""

    @property
    def name(self) -> str:
        """Its name, one of `core.tools.BUILT_IN`."""
        ...

    @property
    def needs_real_values(self) -> bool:
        """Whether placeholders in its arguments are replaced by what they stand for."""
        ...

    def spec(self, talk: Talk) -> ToolSpec | None:
        """How a model gets to know it at this stage; None where it makes no sense."""
        ...

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:
        """Do it. Raises Refused, or ToolFailed."""
        ...


Status = Literal["done", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended. `value` is what the tool said (with real values), `words` what we say where it did not work."""

    status: Status
    code: str | None = None
    words: str = ""
    value: Any = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A call as it is logged; `arguments` are masked."""

    call_id: str
    talk: Talk
    tool: str
    arguments: Mapping[str, Any]


class CallLog(Protocol):
    """Where calls are kept. Every method raises `core.errors.Unavailable` while the store is away."""

    async def begin(self, entry: Entry) -> Ended | None:
        """Note that a call begins. Returns how it ended, if an earlier run of this turn made it to an end."""
        ...

    async def end(self, entry: Entry, ended: Ended, shown: str, latency_ms: int) -> None:
        """Note how a call ended; `shown` is what the model gets to read. Notes the call too, if it never began."""
        ...


class Admission(Protocol):
    """Counts calls, for all processes together."""

    async def admit(self, definition: ToolDefinition, talk: Talk) -> bool:
        """Count a call and tell whether it may be made; raises `core.errors.Unavailable` while the store is away."""
        ...
