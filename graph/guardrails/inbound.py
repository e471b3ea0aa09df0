"""What a user's message is checked for before anybody thinks about it: named rules, each with what follows.

| rule | what follows |
|---|---|
| `self_harm` | `hotline`: the hotline's text, and a person is called |
| `distress` | `answer`: may be danger from oneself; the answer begins with a gentle word and the hotline |
| `endangered` | `hotline`: the emergency number first, and a person is called |
| `threat_to_others` | `hotline`: the emergency number first, and a person is called |
| `abuse`, `pii_exposure`, `injection`, `out_of_scope` | `refuse`: fixed words, no model is asked |

Pure, by words and a small linear model; English and Arabic. It can be got round by other words, so nothing rests on it
alone: models get texts as quoted data, tools check who asks, and what comes out is checked again.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from core.config import ConversationRules
from graph.folding import fold, pieces
from graph.guardrails.abuse import is_abuse, is_threat
from graph.guardrails.despair import speaks_of_despair
from graph.guardrails.disguises import undisguised
from graph.guardrails.distress import speaks_of_self_harm
from graph.guardrails.distress_score import SURE, UNSURE, distress_score
from graph.guardrails.exposure import asks_for_others_data
from graph.guardrails.injection import THRESHOLD, injection_score
from graph.guardrails.peril import speaks_of_peril
from graph.guardrails.scope import topic_of
from graph.guardrails.violence import threatens_others
from graph.talk import Verdict

_ORDER: Final = (
    "self_harm",
    "endangered",
    "threat_to_others",
    "distress",
    "injection",
    "pii_exposure",
    "abuse",
    "out_of_scope",
)
"""The rules, the gravest first."""


def inspect_message(text: str, *, language: str | None, rules: ConversationRules) -> tuple[Verdict, ...]:  # noqa: ARG001
    """Return the verdicts on a message, the gravest first; none for one that may be answered.

    The rules look for every language they know whatever `language` the conversation is in: people mix them.
    """
    found = [verdict for piece in pieces(text) for verdict in _verdicts(piece, rules.out_of_scope)]
    surest = {one.rule: one for one in sorted(found, key=lambda one: one.score)}
    return tuple(surest[rule] for rule in _ORDER if rule in surest)


@lru_cache(maxsize=64)
def _verdicts(text: str, out_of_scope: tuple[str, ...]) -> tuple[Verdict, ...]:
    """Judge one piece. Kept for a while, since a turn comes back to what was said several times."""
    return tuple(_broken_rules(text, out_of_scope))


def _broken_rules(text: str, out_of_scope: tuple[str, ...]) -> Iterator[Verdict]:
    folded = fold(text)
    plain = fold(undisguised(text))
    yield from _dangers(folded) or (_dangers(plain) if plain != folded else ()) or _distress(folded, plain)
    score = injection_score(text)
    if score >= THRESHOLD:
        yield Verdict("injection", "refuse", score)
    if asks_for_others_data(folded):
        yield Verdict("pii_exposure", "refuse")
    if is_abuse(folded):
        yield Verdict("abuse", "refuse")
    if topic_of(text, out_of_scope) is not None:
        yield Verdict("out_of_scope", "refuse")


def _dangers(folded: str) -> tuple[Verdict, ...]:
    """Return which rules for danger apply, by the words that they know."""
    found = {
        "self_harm": speaks_of_self_harm(folded) or speaks_of_despair(folded),
        "endangered": speaks_of_peril(folded),
        "threat_to_others": threatens_others(folded) or is_threat(folded),
    }
    return tuple(Verdict(rule, "hotline") for rule, applies in found.items() if applies)


def _distress(*readings: str) -> Iterator[Verdict]:
    """Yield what the model says where no rule for danger applies: sure of it, or unsure."""
    score = max(distress_score(reading) for reading in dict.fromkeys(readings))
    if score >= SURE:
        yield Verdict("self_harm", "hotline", score)
    elif score >= UNSURE:
        yield Verdict("distress", "answer", score)
