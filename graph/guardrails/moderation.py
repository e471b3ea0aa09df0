"""What the agent must never say, whatever led it there: insults, hate, violence, instructions for harm. Pure.

A provider's moderation endpoint can judge beside these rules where one is configured (`Moderator`).
"""

import re
from typing import Final, Protocol

from graph.folding import fold
from graph.guardrails.abuse import is_abuse, is_threat
from graph.talk import Verdict

_HARM: Final = re.compile(
    r"\b(?:you should|you could|just|go(?: and)?|best way to|steps? to|how to) (?:kill|hang|cut|hurt|harm|"
    r"starve) (?:your|one)?self\b"
    r"|\b(?:how to|steps? to|instructions? (?:for|to)|recipe for|here is how (?:to|you)) (?:\w+ ){0,3}(?:build|make|"
    r"making|assemble|synthesi[sz]e|cook)\b.{0,30}\b(?:bombs?|explosives?|nerve agents?|ricin|meth(?:amphetamine)?|"
    r"napalm)\b"
    r"|\b(?:child|minor|underage)\w*\b.{0,20}\b(?:porn\w*|nude|naked|sexual\w*)\b"
    r"|\b(?:fuck|fucking|motherfucker|cunt|bitch)\b"
    r"|\ball (?:muslims|jews|christians|blacks|whites|arabs|gays|immigrants|women|men) (?:are|should be|deserve)\b"
)


class Moderator(Protocol):
    """Asks somebody else what a text is (`POST {base}/moderations` of an OpenAI-compatible server)."""

    async def moderate(self, text: str) -> Verdict | None:
        """Return the verdict on a text, None for one that is fine or cannot be judged now; never raises."""
        ...


def moderate(text: str) -> Verdict | None:
    """Return why the agent must not say a text; None for one that it may."""
    folded = fold(text)
    if _HARM.search(folded) or is_abuse(folded) or is_threat(folded):
        return Verdict("moderation", "refuse")
    return None
