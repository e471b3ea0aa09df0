"""Masking of personal data and secrets for good, before text reaches a log or a nudge.

A mask names its kind, so that a reader still understands the sentence. What has to come back is masked by
`core.pseudonyms` instead; both find the same things (`core.personal_data`).
"""

from collections.abc import Mapping
from typing import Any

from core.personal_data import find


def mask(text: str) -> str:
    """Return the text with personal data and secrets replaced by `[kind]`; never raises, never grows without bound."""
    parts: list[str] = []
    end = 0
    for span in find(text):
        parts += (text[end : span.start], f"[{span.kind.lower()}]")
        end = span.end
    return "".join(parts) + text[end:]


def mask_values(value: Any) -> Any:
    """Return a JSON-like value with every string in it masked; keys and numbers stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: mask_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_values(item) for item in value]
    return value
