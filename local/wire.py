"""The wire between page and servers as JSON Schema: the SDK's types are made of the models that check what it sends."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from core.events import Event
from core.frames import CancelHuman, Feedback, NudgeAck, Ping, RequestHuman, SendMessage, Stop
from core.nudges import Nudge

WIRE: Final[tuple[tuple[type[BaseModel], JsonSchemaMode], ...]] = (
    (Event, "validation"),
    (Nudge, "serialization"),
    (NudgeAck, "validation"),
    (SendMessage, "validation"),
    (Feedback, "validation"),
    (Stop, "validation"),
    (RequestHuman, "validation"),
    (CancelHuman, "validation"),
    (Ping, "validation"),
)
"""What the SDK sends, as we check it, and what it receives, as we write it."""


class _AsWritten(GenerateJsonSchema):
    """What we write has every field, those with defaults too."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)


def wire_schema() -> dict[str, Any]:
    """Return one JSON Schema (2020-12) with a definition for each model of the wire."""
    _, schema = models_json_schema(WIRE, title="Wire", schema_generator=_AsWritten)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
