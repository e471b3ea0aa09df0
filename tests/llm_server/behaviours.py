"""How the server treats one request. Each behaviour is a value; the server carries it out."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

Kind = Literal["answer", "status", "disconnect", "raw"]
Vectors = Literal[
    "sound",
    "shuffled",
    "unnumbered",
    "fewer",
    "more",
    "repeated_index",
    "wrong_dimension",
    "not_a_number",
    "zero",
    "words",
    "base64",
    "no_data",
]
"""What an answer of the embeddings route is like; `sound` and `shuffled` ones hold the right vectors."""


@dataclass(frozen=True)
class Behaviour:
    """One treatment: wait `seconds`, then answer, fail with a status, hang up midway, or send raw bytes.

    An answer waits for `until` as well. Of a stream: `pieces` are its texts (else its words), with a `pause` before
    each; those after the first wait for `until`, and after `stop_after` of them the connection ends, or hangs. `calls`
    are the tools asked for, by name and arguments.
    """

    name: str
    kind: Kind = "answer"
    seconds: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    content_type: str = "application/json"
    overrides: dict[str, Any] = field(default_factory=dict)
    error_code: str | None = None
    fence: bool = False
    usage: bool = True
    vectors: Vectors = "sound"
    pieces: tuple[str, ...] | None = None
    pause: float = 0.0
    until: Event | None = None
    stop_after: int | None = None
    hangs: bool = False
    calls: tuple[tuple[str, str], ...] = ()


def ok(**overrides: Any) -> Behaviour:
    """A valid answer to the request's schema, with some fields set."""
    return Behaviour("ok", overrides=overrides)


def saying(text: str) -> Behaviour:
    """This text, as a well-formed completion."""
    return Behaviour("saying", text=text)


def slow(seconds: float) -> Behaviour:
    """A valid answer, late."""
    return Behaviour("slow", seconds=seconds)


def held(until: Event) -> Behaviour:
    """A valid answer, once this has happened."""
    return Behaviour("held", until=until)


def rate_limited(retry_after: float | None = None) -> Behaviour:
    """429, with Retry-After in seconds when given."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Behaviour("rate_limited", kind="status", status=429, headers=headers, error_code="rate_limit_exceeded")


def failing(status: int = 500) -> Behaviour:
    """An HTTP error."""
    return Behaviour("failing", kind="status", status=status, error_code="server_error")


def unauthorized() -> Behaviour:
    """401: the key is wrong."""
    return Behaviour("unauthorized", kind="status", status=401, error_code="invalid_api_key")


def filtered_prompt() -> Behaviour:
    """400 as Azure answers when its filter dislikes the prompt."""
    return Behaviour("filtered_prompt", kind="status", status=400, error_code="content_filter")


def garbage() -> Behaviour:
    """A completion whose content is no JSON."""
    return Behaviour("garbage", text='Sure! {"evidence": [broken')


def fenced(**overrides: Any) -> Behaviour:
    """A valid answer inside a Markdown code fence, as small models like to write it."""
    return Behaviour("fenced", fence=True, overrides=overrides)


def cut_off() -> Behaviour:
    """An answer that ends in the middle, with finish_reason length."""
    return Behaviour("cut_off", text='{"evidence": ["the user', finish_reason="length")


def refusing() -> Behaviour:
    """The model declines."""
    return Behaviour("refusing", refusal="I cannot help with that.")


def content_filtered() -> Behaviour:
    """The answer was held back by a filter."""
    return Behaviour("content_filtered", text="", finish_reason="content_filter")


def disconnecting() -> Behaviour:
    """The connection ends in the middle of the body."""
    return Behaviour("disconnecting", kind="disconnect")


def html_page(status: int = 200) -> Behaviour:
    """An HTML page, as a proxy in between would send."""
    page = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"
    return Behaviour("html_page", kind="raw", status=status, text=page, content_type="text/html")


def embedding(vectors: Vectors, *, usage: bool = True) -> Behaviour:
    """Vectors of that kind; without `usage` the answer does not say how many tokens it was."""
    return Behaviour("embedding", vectors=vectors, usage=usage)


def raw(text: str) -> Behaviour:
    """This body, as JSON or not, with a status of 200."""
    return Behaviour("raw", kind="raw", text=text)


def calling(*calls: tuple[str, str], text: str = "") -> Behaviour:
    """An answer that asks for tools: names with their arguments as JSON."""
    return Behaviour("calling", text=text, calls=calls, finish_reason="tool_calls")


def streaming(*pieces: str, pause: float = 0.0, until: Event | None = None) -> Behaviour:
    """A text in these pieces, with a pause before each; after the first one it waits for `until`."""
    return Behaviour("streaming", text="".join(pieces), pieces=pieces, pause=pause, until=until)


def breaking_off(*pieces: str, pause: float = 0.0) -> Behaviour:
    """A stream whose connection ends after these pieces, before the answer does."""
    text = "".join(pieces)
    return Behaviour("breaking_off", text=text, pieces=pieces, pause=pause, stop_after=len(pieces))


def hanging(*pieces: str) -> Behaviour:
    """A stream that says nothing any more after these pieces, and stays open."""
    return Behaviour("hanging", text="".join(pieces), pieces=pieces, stop_after=len(pieces), hangs=True)
