"""What somebody who adds a source wishes: JSON for texts and pages, a form for a file; both end in one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from core.errors import InvalidRequest
from ingest_api.deps import is_form
from ingest_api.knowledge_schemas import MAX_TITLE, NEW_SOURCE, NewFile, NewPages
from ingest_api.refusals import EmptyDocument, InvalidJson
from ingest_api.uploads import read_upload

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "PDF, DOCX, HTML, Markdown, text, CSV or XLSX"},
        "title": {"type": "string", "maxLength": 500, "description": "The file's name when left out"},
        "tags": {"type": "string", "description": "Divided by commas; the field may be repeated"},
        "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    },
}
_REFERENCE: Final = "#/components/schemas/{}"
_NEW_SOURCE: Final[dict[str, Any]] = {
    "oneOf": [{"$ref": _REFERENCE.format("NewText")}, {"$ref": _REFERENCE.format("NewPages")}],
    "discriminator": {
        "propertyName": "kind",
        "mapping": {
            "text": _REFERENCE.format("NewText"),
            "url": _REFERENCE.format("NewPages"),
            "sitemap": _REFERENCE.format("NewPages"),
        },
    },
}
_FILE_AS_JSON: Final = "A file is sent as a form (multipart/form-data) with the field `file`, not as JSON."
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _NEW_SOURCE},
            "multipart/form-data": {"schema": FORM},
        },
    }
}
"""How the OpenAPI document describes the body."""


@dataclass(frozen=True, slots=True)
class File:
    """What is kept of a source that was typed or uploaded."""

    name: str
    media_type: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """A source to add; `location` is an address or a file's name, `file` what was typed or uploaded."""

    kind: str
    title: str
    location: str | None
    tags: list[str]
    language: str | None
    file: File | None


async def read_wish(request: Request) -> Wish:
    """Return what is wished for.

    Raises InvalidRequest or RequestValidationError for a body that says anything else, EmptyDocument for an empty file.
    """
    return await _of_form(request) if is_form(request) else _of_json(await request.body())


def _of_json(body: bytes) -> Wish:
    try:
        new = NEW_SOURCE.validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None
    tags = list(dict.fromkeys(new.tags))
    if isinstance(new, NewPages):
        return Wish(new.kind, (new.title or new.location)[:MAX_TITLE], new.location, tags, new.language, None)
    file = File(f"{new.title}.md", "text/markdown", new.text.encode())
    return Wish(new.kind, new.title, None, tags, new.language, file)


async def _of_form(request: Request) -> Wish:
    upload = await read_upload(request)
    fields = {"title": upload.one("title"), "tags": list(upload.several("tags")), "language": upload.one("language")}
    if unknown := sorted(set(upload.fields) - set(fields)):
        raise InvalidRequest(f"The form has an unknown field {unknown[0][:64]!r}.")
    try:
        new = NewFile.model_validate(fields)
    except ValidationError as error:
        raise _refusal(error) from None
    if not upload.content:
        raise EmptyDocument
    tags, file = list(dict.fromkeys(new.tags)), File(upload.name, upload.media_type, upload.content)
    return Wish("file", new.title or upload.name, upload.name, tags, new.language, file)


def _refusal(error: ValidationError) -> Exception:
    """Return what the framework would have raised, had it read the body."""
    faults: list[Mapping[str, Any]] = list(error.errors(include_url=False, include_context=False, include_input=False))
    if any(fault["type"] == "json_invalid" for fault in faults):
        return InvalidJson()
    if any(each["type"] == "union_tag_invalid" and each["ctx"]["tag"] == "file" for each in error.errors()):
        faults = [{**fault, "msg": _FILE_AS_JSON} for fault in faults]
    return RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])
