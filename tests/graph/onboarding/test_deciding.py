"""What users say to the recommendations they were shown: which, by number, and whether they want them."""

from typing import Any

import pytest

from core.recommendations import Recommendation
from graph.onboarding.deciding import decided_effects, decision_of, picked
from graph.onboarding.showing import recommendations_answer
from graph.phrases import phrase
from graph.reasoners.talking import converse
from graph.talk import Effect
from tests.graph.talks import KEYS, make_talk

TITLES = ("Invite your team", "Import your contacts", "Connect your CRM")
DRAFTS = [Recommendation(title=title, summary="Because.", steps=("Do it.",), confidence=0.8) for title in TITLES]
MADE_IN = "00000000-0000-5000-8000-000000000001"


def shown(language: str = "en") -> str:
    return f"assistant: {recommendations_answer(DRAFTS, language).text}"


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("yes", ("accepted", (1, 2, 3))),
        ("Yes, please!", ("accepted", (1, 2, 3))),
        ("👍", ("accepted", (1, 2, 3))),
        ("all of them", ("accepted", (1, 2, 3))),
        ("نعم", ("accepted", (1, 2, 3))),
        ("كلها", ("accepted", (1, 2, 3))),
        ("1", ("accepted", (1,))),
        ("1 and 3", ("accepted", (1, 3))),
        ("3 and 1 please", ("accepted", (1, 3))),
        ("the second one", ("accepted", (2,))),
        ("the last one", ("accepted", (3,))),
        ("one", ("accepted", (1,))),
        ("الأول والثالث", ("accepted", (1, 3))),
        ("واحد", ("accepted", (1,))),
        ("الثاني", ("accepted", (2,))),
        ("import your contacts", ("accepted", (2,))),
        ("7", ("accepted", ())),
        ("no", ("declined", (1, 2, 3))),
        ("no thanks", ("declined", (1, 2, 3))),
        ("none of them", ("declined", (1, 2, 3))),
        ("لا", ("declined", (1, 2, 3))),
        ("لا شيء منها", ("declined", (1, 2, 3))),
        ("which one is best?", None),
        ("how do I import contacts", None),
        ("please", None),
    ],
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_decisions(text: str, decision: Any, language: str) -> None:
    assert decision_of(make_talk(text, shown(language), playbook="onboarding")) == decision


def test_only_what_was_just_shown_is_decided() -> None:
    assert decision_of(make_talk("yes", "assistant: Fine.", playbook="onboarding")) is None
    assert decision_of(make_talk("yes", shown(), "user: hm", "assistant: Fine.", playbook="onboarding")) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2", (2,)), ("the first one", (1,)), ("number 3 please", (3,)), ("الأول", (1,)), ("الثاني", (2,)),
        ("connect your crm", (3,)), ("7", None), ("one", None), ("all of them", None), ("no", None), ("ok", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ar"])
def test_one_that_was_shown_a_while_ago_is_picked_by_number_or_title(text: str, numbers: Any, language: str) -> None:
    later = (shown(language), "user: what is a lead?", "assistant: A lead is a contact. [1]")
    talk = make_talk(text, *later, playbook="onboarding")
    assert decision_of(talk) == (None if numbers is None else ("accepted", numbers))
    asked = make_talk(text, *later, "assistant: By when would you like to be ready?", playbook="onboarding")
    assert decision_of(asked) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("2", TITLES[1]),
        ("the last one", TITLES[2]),
        ("الأول", TITLES[0]),
        ("1 and 2", None),
        ("yes", None),
        ("no", None),
    ],
)
def test_of_the_one_that_is_picked_the_way_is_told(text: str, title: str | None) -> None:
    talk = make_talk(text, shown(), playbook="onboarding", excerpts=(KEYS,))
    assert picked(talk) == (None if title is None else (title, "Do it."))
    said = converse(talk, ()).text
    way = f"{phrase('about_question', 'en', question=title)}\nLive keys begin with crm_live_."
    assert (way in said) is (title is not None)


def test_a_decision_is_kept_with_the_turn_that_made_the_drafts() -> None:
    context = {"answers": {"recommended": MADE_IN}}
    talk = make_talk("1 and 3", shown(), playbook="onboarding", context=context)
    assert decided_effects(talk) == (Effect("decide", {"turn": MADE_IN, "decision": "accepted", "numbers": "1,3"}),)
    assert decided_effects(make_talk("1 and 3", shown(), playbook="onboarding")) == ()
    assert decided_effects(make_talk("7", shown(), playbook="onboarding", context=context)) == ()
    assert decided_effects(make_talk("Which is best?", shown(), playbook="onboarding", context=context)) == ()
