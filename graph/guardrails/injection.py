"""How likely a message tries to give the agent other instructions than its own."""

import re
from typing import Final

from graph.folding import fold

_PATTERNS: Final = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:(?:all|any|your|the|previous|prior|above|"
    r"earlier) )+(?:instructions?|prompts?|rules|guidelines|directions|constraints)\b",
    r"\b(?:reveal|repeat|print|show|output|tell me|what (?:is|are)|give me)\b.{0,30}\b(?:system prompt|"
    r"your (?:initial |hidden |original )?(?:prompt|instructions))\b",
    r"\byou are now\b|\bpretend (?:to be|you are) (?:an? )?(?:unrestricted|evil|dan)\b|\bdo anything now\b|"
    r"\bjailbreak mode\b|\bdeveloper mode (?:enabled|on)\b",
    r"(?:تجاهل|انس|تخط).{0,40}(?:تعليمات|الاوامر|القواعد|السابقه)",
)
_ANY: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS))
THRESHOLD: Final = 0.5


def injection_score(text: str) -> float:
    """Return how likely a text tries to give the agent other instructions, 0..1."""
    return 1.0 if _ANY.search(fold(text)) else 0.0
