"""JSON Schemas of the answers, in the dialect that each kind of server accepts.

OpenAI's strict mode wants every property required and no others, and refuses `minLength` and `maxLength`; Azure refuses
more keywords. Servers that build a grammar from the schema need just these bounds, or a small model runs on. What a
dialect drops stands in the description instead, and `max_tokens` and our own validation hold in any case.
"""

from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import BaseModel

Dialect = Literal["openai", "azure", "grammar"]

_LENGTHS: Final = frozenset({"minLength", "maxLength"})
_BOUNDS: Final = _LENGTHS | {"minItems", "maxItems", "minimum", "maximum", "pattern", "format"}
_DROPPED: Final[dict[Dialect, frozenset[str]]] = {"openai": _LENGTHS, "azure": _BOUNDS, "grammar": frozenset()}
_IN_WORDS: Final = {
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "minimum": "at least {}",
    "maximum": "at most {}",
}


@lru_cache
def answer_schema(model: type[BaseModel], dialect: Dialect) -> dict[str, Any]:
    """Return `{"name", "strict", "schema"}` for a structured answer; do not change it, it is shared."""
    schema = _adapt(model.model_json_schema(), _DROPPED[dialect])
    return {"name": model.__name__, "strict": True, "schema": schema}


def _adapt(node: Any, dropped: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_adapt(item, dropped) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _children(key, value, dropped) for key, value in node.items() if key not in dropped | {"description"}}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    if words := _in_words(node, dropped):
        kept["description"] = words
    return kept


def _children(key: str, value: Any, dropped: frozenset[str]) -> Any:
    if key in ("properties", "$defs"):  # names of ours, which may look like keywords
        return {name: _adapt(item, dropped) for name, item in value.items()}
    return _adapt(value, dropped)


def _in_words(node: dict[str, Any], dropped: frozenset[str]) -> str:
    return ", ".join(text.format(node[key]) for key, text in _IN_WORDS.items() if key in dropped and key in node)
