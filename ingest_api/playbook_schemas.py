"""The shapes of playbooks and tools: what leads a conversation, and what it may use."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.tools import ToolDefinition

_PREFIX: Final = "whsec_"


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PlaybookWarning(_Answer):
    """Something in a playbook that is allowed and may yet be a mistake, by its place in the definition."""

    field: str
    code: Literal["unknown_tool"]
    detail: str


class PlaybookDocument(_Answer):
    """A playbook as it holds for the company.

    `number` counts the company's own versions; a shipped one has none. `fault` says why a stored one cannot be used by
    this version of the product; the shipped one holds in its place. `warnings` name tools that the company does not
    have at this moment.
    """

    name: str
    source: Literal["shipped", "company"]
    version: str = Field(description="As turns note it")
    number: int | None = None
    definition: dict[str, Any]
    created_at: datetime | None = None
    created_by: str | None = None
    fault: str | None = None
    warnings: list[PlaybookWarning] = []


class PlaybookVersion(_Answer):
    """A version of a company's own playbook; one of them is in force, unless it was withdrawn."""

    version: int
    definition: dict[str, Any]
    active: bool
    created_at: datetime
    created_by: str


ToolSecret: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[\x21-\x7e]+$")]


class NewTool(ToolDefinition):
    """A tool to add. Without a `secret`, one is made for an `http` tool; an `mcp` server then gets no token."""

    secret: ToolSecret | None = Field(None, description="Signs requests (`http`: whsec_…), or the bearer token (`mcp`)")
    enabled: bool = True

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.kind == "http" and self.secret is not None and not _is_signing_secret(self.secret):
            raise ValueError("the secret of an http tool must be whsec_ and 24 to 64 bytes in base64")
        return self


def _is_signing_secret(text: str) -> bool:
    """Tell whether Standard Webhooks takes a secret."""
    try:
        size = len(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        return False
    return text.startswith(_PREFIX) and 24 <= size <= 64


class ToolDocument(_Answer):
    """A tool. `secret` is there only in the answer to the write that made it."""

    name: str
    definition: ToolDefinition
    enabled: bool
    has_secret: bool
    version: int
    updated_at: datetime
    updated_by: str
    secret: str | None = None


class ToolCallRow(_Answer):
    """A call of a tool. `arguments` and `result` are masked; `code` says why it failed or was refused, or marks it.

    `started` means that nobody knows how it ended: the turn was broken off.
    """

    call_id: str
    turn_id: str
    conversation_id: str
    user_id: str
    tool: str
    arguments: dict[str, Any]
    status: Literal["started", "done", "failed", "refused"]
    code: str | None
    result: dict[str, Any] | None = Field(description="`text` is what the model got to read")
    latency_ms: int | None
    created_at: datetime
    finished_at: datetime | None
