"""What a turn knows about its user before it thinks: plain values, read once by whoever starts the turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.nudges import NudgeStatus, NudgeType


@dataclass(frozen=True, slots=True)
class UserFacts:
    """The user of a turn. `language` is a BCP 47 tag, None where nobody said; `traits` are the host's own words;
    `said_lately` is what they wrote in the chat, masked (`graph.memory.recent`)."""

    user_id: str
    language: str | None = None
    anonymous: bool = False
    traits: Mapping[str, Any] = field(default_factory=dict)
    said_lately: str = ""


@dataclass(frozen=True, slots=True)
class PastNudge:
    """A nudge that this user got earlier, at any place. `counts` is false for "somebody was told" lines."""

    nudge_id: str
    stuck_point: str
    nudge_type: NudgeType
    status: NudgeStatus
    created_at: datetime
    title: str = ""
    counts: bool = True
