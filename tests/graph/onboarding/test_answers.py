"""What a message answers, and what is known by then."""

from typing import Any

import pytest

from core.playbooks import Question, shipped
from graph.onboarding.answers import SKIPPED, answer_to, known, learned, pending_question, question_in
from graph.phrases import phrase
from graph.talk import Fact, Understanding, Verdict
from tests.graph.talks import make_talk

ONBOARDING = shipped()["onboarding"].playbook
QUESTIONS = {item.name: item for stage in ONBOARDING.stages.values() for item in stage.questions}
ROLE, TEAM, DATA, GOAL = (QUESTIONS[name] for name in ("role", "team_size", "existing_data", "goal"))


def asked(question: Question, language: str = "en") -> str:
    return f"assistant: {question.wording(language)}"


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        (ROLE, "Manager", "Manager"),
        (ROLE, "manager.", "Manager"),
        (ROLE, "مدير", "Manager"),
        (ROLE, "2", "Manager"),
        (ROLE, "7", "7"),
        (ROLE, "0", "0"),
        (ROLE, "I run the kitchen", "I run the kitchen"),
        (ROLE, "skip", SKIPPED),
        (ROLE, "no", SKIPPED),
        (ROLE, "لا أريد", SKIPPED),
        (TEAM, "2", "2"),
        (TEAM, "11 to 50", "11 to 50"),
        (DATA, "no", "No"),
        (DATA, "yes, as a file", "Yes, as a file"),
        (GOAL, "Send invoices;", "Send invoices"),
        (GOAL, "Why do you ask?", None),
        (GOAL, "hello", None),
        (GOAL, "   ", None),
        (GOAL, "كيف أستورد جهات الاتصال", None),
    ],
)
def test_answers(question: Question, text: str, value: str | None) -> None:
    assert answer_to(question, text) == value


def test_a_long_answer_is_cut() -> None:
    assert len(answer_to(GOAL, "x" * 4000) or "") == 300


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_question_is_read_off_what_the_agent_said(language: str) -> None:
    talk = make_talk("Sales", "user: hi", f"assistant: Welcome! {ROLE.wording(language)}", playbook="onboarding")
    assert pending_question(talk) == ROLE
    assert learned(talk) == (Fact("role", "Sales"),)


def test_the_last_of_several_questions_counts() -> None:
    text = f"{ROLE.wording('en')} Or first: {TEAM.wording('en')}"
    assert question_in(text, ONBOARDING) == TEAM


def test_a_question_of_two_stages_is_that_of_the_present_one() -> None:
    sales = shipped()["sales"].playbook
    greeting = question_in("May I ask your name?", sales, "greeting")
    assert greeting is sales.stages["greeting"].questions[0]


def test_nothing_is_learned_where_nothing_was_asked() -> None:
    assert learned(make_talk("Manager", playbook="onboarding")) == ()
    assert learned(make_talk("Manager", "assistant: Hello!", playbook="onboarding")) == ()


@pytest.mark.parametrize("seeds", [[ROLE.wording("en"), TEAM.wording("en")], (ROLE.wording("ar"),)])
def test_the_questions_put_at_the_start_count_as_asked(seeds: Any) -> None:
    assert learned(make_talk("Manager", playbook="onboarding", context={"questions": seeds})) == (
        Fact("role", "Manager"),
    )


@pytest.mark.parametrize("seeds", [None, "role", 5, [], [None]])
def test_odd_seeds_do_no_harm(seeds: Any) -> None:
    assert learned(make_talk("Manager", playbook="onboarding", context={"questions": seeds})) == ()


@pytest.mark.parametrize(
    "understood",
    [Understanding("en", wants_person=True), Understanding("en", verdicts=(Verdict("abuse", "refuse"),))],
)
def test_a_wish_for_a_person_or_a_refused_text_answers_nothing(understood: Understanding) -> None:
    talk = make_talk("get me your boss", asked(ROLE), playbook="onboarding", understanding=understood)
    assert learned(talk) == ()


def test_everything_known_comes_together() -> None:
    talk = make_talk(
        "HubSpot",
        asked(ROLE), "user: Founder or owner", asked(TEAM), "user: what for?", asked(TEAM), "user: 5",
        f"assistant: Thank you. {QUESTIONS['tools_used'].wording('en')}",
        playbook="onboarding",
        customer_name="Mia",
        facts=(Fact("industry", "Retail"), Fact("role", "old")),
        context={"plan": "pro", "seats": 3, "empty": " ", "nested": {"a": 1}, "answers": {"goal": "Invoices"}},
    )  # fmt: skip
    assert known(talk) == {
        "plan": "pro", "seats": "3", "industry": "Retail", "customer_name": "Mia", "goal": "Invoices",
        "role": "Founder or owner", "team_size": "5", "tools_used": "HubSpot",
    }  # fmt: skip


CONSENT = f"assistant: {phrase('remember_ask', 'en')}"


def test_a_question_stays_open_when_the_agent_says_something_else_after_it() -> None:
    assert learned(make_talk("5", asked(TEAM), CONSENT, playbook="onboarding")) == (Fact("team_size", "5"),)
    later = make_talk("hm", asked(TEAM), CONSENT, "user: 5", "assistant: Fine.", playbook="onboarding")
    assert known(later)["team_size"] == "5"


def test_a_no_to_being_remembered_passes_over_no_question() -> None:
    talk = make_talk("hm", asked(TEAM), CONSENT, "user: no", "assistant: Fine.", playbook="onboarding")
    assert "team_size" not in known(talk)


@pytest.mark.parametrize("kept", [None, [], "x", {"role": None}])
def test_odd_contexts_do_no_harm(kept: Any) -> None:
    assert known(make_talk(context={"answers": kept})) == {}
