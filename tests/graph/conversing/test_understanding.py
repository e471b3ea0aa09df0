"""What a message means for the turn: a wish for a person by word or button, and what only looks like one."""

from dataclasses import replace

import pytest

from core.playbooks import shipped
from graph.conversing.understanding import read_message
from graph.talk import Talk
from tests.graph.talks import make_talk

ROLE = next(
    question
    for stage in shipped()["onboarding"].playbook.stages.values()
    for question in stage.questions
    if any("Support" in choice.values() for choice in question.choices)
)


def asked_for_role(answer: str) -> Talk:
    return make_talk(answer, f"assistant: {ROLE.wording('en')}", playbook="onboarding")


@pytest.mark.parametrize(
    ("answer", "is_wish"),
    [
        ("Support", False),
        ("Customer support", False),
        ("Something else", False),
        ("talk to support", True),
        ("I want to talk to support", True),
        ("let me talk to a human", True),
    ],
)
def test_a_choice_of_the_open_question_is_no_wish_for_a_person(answer: str, is_wish: bool) -> None:
    assert read_message(asked_for_role(answer)).wants_person is is_wish


def test_the_same_words_are_a_wish_where_nothing_was_asked() -> None:
    assert read_message(make_talk("Customer support")).wants_person


def test_the_button_for_a_person_needs_no_words_and_goes_before_them() -> None:
    pressed = read_message(replace(make_talk("", request="human"), asked=()))
    assert (pressed.wants_person, pressed.intent, pressed.language) == (True, "handoff", "en")
    assert read_message(make_talk("How do I import contacts?", request="human")).wants_person


def test_a_wish_to_be_forgotten_is_no_attack() -> None:
    assert [one.rule for one in read_message(make_talk("Forget what you know about me")).verdicts] == []
