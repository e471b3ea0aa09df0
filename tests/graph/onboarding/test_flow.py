"""Where a conversation stands, and what comes next."""

from typing import Any

import pytest

from core.conversations import ConversationState
from core.playbooks import shipped
from graph.onboarding.flow import after_answers, may_have_answered, stage_to_advance, standing
from tests.graph.talks import advanced, make_talk

ALL = {"role": "Sales", "team_size": "5", "industry": "-", "goal": "Invoices", "timeline": "-", "tools_used": "HubSpot",
       "existing_data": "No", "experience": "-"}  # fmt: skip


def onboarding(stage: str = "profile", answers: dict[str, str] | None = None, text: str = "…", **changes: Any) -> Any:
    return make_talk(text, playbook="onboarding", stage=stage, context={"answers": answers or {}}, **changes)


@pytest.mark.parametrize(
    ("stage", "answers", "question", "to"),
    [
        ("profile", {}, "role", None),
        ("profile", {"role": "x"}, "team_size", None),
        ("profile", {"role": "x", "team_size": "-", "industry": "y"}, None, "goals"),
        ("goals", {"goal": "x"}, "timeline", None),
        ("tools", ALL, None, "recommending"),
        ("recommending", ALL, None, None),
        ("follow_up", {}, None, None),
        ("lost_in_a_newer_version", {}, "role", None),
    ],
)
def test_standing(stage: str, answers: dict[str, str], question: str | None, to: str | None) -> None:
    talk = onboarding(stage, answers)
    asked = standing(talk).question
    assert (asked.name if asked else None) == question
    assert stage_to_advance(talk) == to


def test_a_move_of_this_turn_counts() -> None:
    talk = onboarding("profile", {"role": "x", "team_size": "1", "industry": "y"}, results=(advanced("goals"),))
    assert standing(talk).stage == "goals"
    assert stage_to_advance(talk) is None


def test_the_last_stage_of_sales_leads_nowhere() -> None:
    talk = make_talk("yes", playbook="sales", stage="closing", context={"answers": {"next_step": "go"}})
    assert stage_to_advance(talk) is None


@pytest.mark.parametrize(
    ("stage", "answers", "text", "step"),
    [
        ("profile", {}, "hello", "ask"),
        ("tools", {**ALL, "experience": ""}, "hello", "ask"),  # one that may be skipped is open still
        ("tools", ALL, "hello", "recommend"),
        ("recommending", ALL, "hello", "recommend"),
        ("recommending", {**ALL, "recommended": "turn"}, "hello", "ask"),
        ("recommending", {**ALL, "recommended": "turn"}, "what else do you suggest?", "ask"),
        ("recommending", {**ALL, "recommended": "turn"}, "what do you suggest?", "recommend"),
        ("profile", {"role": "Sales"}, "What would you recommend?", "recommend"),
        ("profile", {"role": "-"}, "What would you recommend?", "ask"),
        ("profile", {}, "What would you recommend?", "ask"),
        ("profile", {"role": "Sales"}, "just tell me what you recommend", "recommend"),
        ("tools", {**ALL, "questions_ended": "-"}, "hello", "ask"),
        ("tools", {"role": "Sales", "questions_ended": "-"}, "What do you recommend?", "recommend"),
        ("follow_up", {"role": "x"}, "hello", "ask"),  # the model went ahead; required questions are open
    ],
)
def test_when_recommendations_are_due(stage: str, answers: dict[str, str], text: str, step: str) -> None:
    assert after_answers(onboarding(stage, answers, text)) == step


@pytest.mark.parametrize("playbook", ["support", "sales"])
def test_other_playbooks_recommend_nothing(playbook: str) -> None:
    assert after_answers(make_talk("what do you recommend?", playbook=playbook, context={"answers": ALL})) == "ask"


@pytest.mark.parametrize("state", [ConversationState.GENERATING_RECOMMENDATIONS, ConversationState.COMPLETED])
def test_no_recommendations_in_states_that_allow_none(state: ConversationState) -> None:
    assert after_answers(onboarding("tools", ALL, state=state)) == "ask"


def test_every_shipped_question_can_be_reached_by_answering() -> None:
    """Answering whatever is open, stage after stage, leads through all questions to the recommendations."""
    answers: dict[str, str] = {}
    stage, seen = "profile", []
    for _ in range(30):
        talk = onboarding(stage, answers)
        if to := stage_to_advance(talk):
            stage = to
        elif question := standing(talk).question:
            seen.append(question.name)
            answers |= {question.name: "x"}
        else:
            break
    names = [item.name for one in shipped()["onboarding"].playbook.stages.values() for item in one.questions]
    assert (seen, stage, after_answers(onboarding(stage, answers))) == (names, "recommending", "recommend")


@pytest.mark.parametrize(
    ("said", "text", "may"),
    [
        ("And what do you do, if I may ask?", "I run a bakery", True),
        ("Et quel est votre rôle ?", "boulanger", True),
        ("What is your role?", "I run a bakery", False),  # rules read that
        ("I see.", "I run a bakery", False),
        ("And what do you do?", "what for?", False),
        ("And what do you do?", "thanks", False),
        ("", "I run a bakery", False),
    ],
)
def test_when_an_answer_is_looked_for_in_other_words(said: str, text: str, may: bool) -> None:
    before = [f"assistant: {said}"] if said else []
    assert may_have_answered(make_talk(text, *before, playbook="onboarding")) is may


def test_nothing_is_looked_for_where_nothing_is_asked() -> None:
    assert not may_have_answered(make_talk("I run a bakery", "assistant: And what do you do?"))
