"""A form with one file, read once; its size is bounded by the edge while it arrives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from core.errors import InvalidRequest

MAX_FIELDS: Final = 40
MAX_NAME: Final = 255
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Upload:
    """The file of a form and its text fields; a field may come several times."""

    name: str
    media_type: str | None
    content: bytes
    fields: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        """Return a field's value, None when it is missing or empty; raises InvalidRequest when it came twice."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise InvalidRequest(f"The field {name} came {len(values)} times.")
        return values[0] if values and values[0] else None

    def several(self, name: str) -> Sequence[str]:
        """Return every value of a field; one value may hold several, divided by commas."""
        return [part.strip() for value in self.fields.get(name, []) for part in value.split(",") if part.strip()]


async def read_upload(request: Request) -> Upload:
    """Return the form's file and fields; raises InvalidRequest for a form that is malformed or holds no single file."""
    try:
        async with request.form(max_files=1, max_fields=MAX_FIELDS) as form:
            return await _upload(form)
    except HTTPException as error:
        raise InvalidRequest(f"The form cannot be read: {error.detail}") from None


async def _upload(form: FormData) -> Upload:
    file, fields = None, dict[str, list[str]]()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = value if name == "file" else None
        elif "\0" in value:
            raise InvalidRequest("Text may not contain NUL characters.")
        else:
            fields.setdefault(name, []).append(value)
    if file is None:
        raise InvalidRequest("Send the document as the form's file `file`.")
    return Upload(plain_name(file.filename or ""), file.content_type, await file.read(), fields)


def plain_name(name: str) -> str:
    """Return a file's own name without folders of either kind and without characters that no name should have."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return _UNPRINTABLE.sub("", last).strip()[-MAX_NAME:] or "document"


def without_boundary(body: bytes, content_type: str) -> bytes:
    """Return a form's bytes without the mark between its parts, which each client makes up anew for a repetition."""
    found = re.search(r'boundary="?([^";,\s]{1,200})', content_type)
    return body.replace(found[1].encode(), b"") if found else body
