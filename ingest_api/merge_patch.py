"""JSON Merge Patch (RFC 7396): a partial document laid over another; null takes a member away."""

from collections.abc import Mapping
from typing import Any


def merge(target: Any, patch: Any) -> Any:
    """Return `target` with `patch` laid over it; neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged
