"""Tools that a company defines for its conversations: its own HTTP endpoints, and MCP servers.

Here is what the API accepts and the runtime reads; secrets are stored apart, encrypted.
"""

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

from core.playbooks import Name, Playbook, shipped

BUILT_IN: Final = ("search_knowledge", "create_ticket", "request_human", "advance_stage", "remember")
"""Tools that every installation has; no company's tool may take their names."""
MAX_SCHEMA_BYTES: Final = 16_384
"""A schema is sent to the model with every call, and checked against whatever a model answers."""


class ToolDefinition(BaseModel):
    """A tool of the company's own.

    `http`: the arguments are sent as JSON, signed with the tool's secret (Standard Webhooks). `mcp`: a server of tools
    over streamable HTTP; each of its tools becomes `{name}_{tool}`, and `parameters` is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    kind: Literal["http", "mcp"] = "http"
    description: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    url: HttpUrl
    method: Literal["GET", "POST"] = "POST"
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    allowed_tools: tuple[Annotated[str, StringConstraints(max_length=64)], ...] | None = Field(
        None, description="For `mcp`: the server's tools that may be used; left out: all"
    )
    roles: tuple[Literal["anonymous", "user"], ...] = Field(("user",), description="Who may cause its use")
    playbooks: tuple[Name, ...] | None = Field(None, description="Left out: every playbook that names it")
    calls_per_minute: Annotated[int, Field(ge=1, le=6000)] = Field(60, description="Per company")
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10
    max_result_bytes: Annotated[int, Field(ge=256, le=65_536)] = 8192

    def goes_by(self, name: str) -> bool:
        """Tell whether a name in a playbook may stand for this tool, or for one of this server's."""
        return name == self.name or (self.kind == "mcp" and name.startswith(f"{self.name}_"))

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.name in BUILT_IN:
            raise ValueError(f"{self.name} is the name of a built-in tool")
        if self.url.username or self.url.password:
            raise ValueError("url must not hold a user name or a password")
        check_parameters(self.parameters)
        return self


def unknown_tools(playbook: Playbook, defined: Collection[ToolDefinition]) -> tuple[tuple[int, str], ...]:
    """Return which tools a playbook names that a company does not have (yet), each with its place in the list.

    What shipped playbooks name is meant to be defined by whoever has it, and never counts.
    """
    known = _known_names()
    return tuple(
        (position, name)
        for position, name in enumerate(playbook.tools)
        if name not in known and not any(tool.goes_by(name) for tool in defined)
    )


@lru_cache(1)
def _known_names() -> frozenset[str]:
    return frozenset(BUILT_IN).union(*(one.playbook.tools for one in shipped().values()))


def check_parameters(schema: dict[str, Any]) -> None:
    """Raise ValueError, with a readable text, for what is no JSON Schema of an object, or too large a one."""
    try:
        size = len(json.dumps(schema, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if size > MAX_SCHEMA_BYTES:
            raise ValueError(f"parameters have {size} bytes of at most {MAX_SCHEMA_BYTES}")
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"parameters are not a JSON Schema: {error.message[:200]}") from error
    except RecursionError as error:
        raise ValueError("parameters nest too deeply") from error
    if schema.get("type") != "object":
        raise ValueError("parameters must be a JSON Schema of type object")
