"""Plain text and Markdown: decoded, and what a Markdown file says of itself in its front matter taken out."""

import re
from pathlib import PurePosixPath
from typing import Final

from knowledge.converting.decoding import charset, decode
from knowledge.documents import TOO_LARGE, ConvertLimits, Document, Raw, Unreadable

_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n(.{0,4000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD: Final = re.compile(r"^([A-Za-z_-]{1,40}):[ \t]*(.{1,500})$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(?:#{1,2}[ \t]+(\S.{0,300}?)[ \t#]*|(\S.{0,300})\n=+[ \t]*)$", re.MULTILINE)
_TITLE_WITHIN: Final = 4000
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def read_text(raw: Raw, limits: ConvertLimits) -> Document:
    """Return a text or Markdown file as it is; its first heading or else its name is the title.

    Raises:
        Unreadable: `undecodable` or `too_large`.
    """
    text = decode(raw.content, charset(raw.media_type))
    if len(text) > limits.characters:
        raise Unreadable(TOO_LARGE, f"{len(text)} characters; at most {limits.characters} are read.")
    front = _FRONT_MATTER.match(text)
    told = _fields(front[1]) if front else {}
    body = text[front.end() :] if front and told else text
    notices = tuple(told[name] for name in ("copyright", "rights") if name in told)
    title = told.get("title") or first_heading(body) or name_of(raw)
    return Document(title, body.strip("\n"), raw.url, told.get("lang"), told.get("licence"), notices=notices)


def name_of(raw: Raw) -> str:
    """Return a file's name as a title: without folders and extension."""
    name = _EXTENSION.sub("", PurePosixPath(raw.name).name)
    return " ".join(name.replace("_", " ").split()) or "Untitled"


def first_heading(markdown: str) -> str | None:
    """Return the first heading of level 1 or 2 near the beginning of a text."""
    found = _HEADING.search(markdown[:_TITLE_WITHIN])
    return (found[1] or found[2]).strip() if found else None


def _fields(front_matter: str) -> dict[str, str]:
    found = {name.lower(): value.strip().strip("\"'") for name, value in _FIELD.findall(front_matter)}
    if "license" in found:
        found.setdefault("licence", found["license"])
    if "language" in found:
        found.setdefault("lang", found["language"])
    return {name: value for name, value in found.items() if value}
