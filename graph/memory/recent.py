"""What the user said lately in the chat, in one line for the coach of nudges: one memory across both. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from graph.casefile import masked
from graph.memory.summary import one_line
from graph.memory.trace import ago
from graph.onboarding.pleasantries import pleasantry

LATELY: Final = timedelta(hours=2)
"""What was said before that has little to do with where the user is stuck now."""
MAX_WORDS: Final = 140
"""Characters of a message, and of the summary."""


def said_lately(summary: str, messages: Sequence[str], at: datetime, now: datetime) -> str:
    """Return what a user said last (`messages`, in order) and what their conversation was about; masked, bounded.

    Empty where nothing was said lately, or nothing but small talk.
    """
    if at < now - LATELY:
        return ""
    last = [_short(text) for text in messages if pleasantry(text) is None]
    parts = [f"{ago(at, now)}: {' / '.join(last)}"] if last else []
    if summary:
        parts.append(f"before that: {_short(summary)}")
    return "; ".join(parts)


def _short(text: str) -> str:
    # Masked as a whole, before anything is cut out of it.
    return one_line(masked(text, len(text)) or "", MAX_WORDS)
