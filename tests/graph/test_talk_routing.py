"""Where a conversation turn goes: by what was understood, and by the answer. Tables."""

from dataclasses import replace
from typing import Any

import pytest

from core.conversations import HandledBy
from core.playbooks import Limits
from graph.routing import decide_talk_route, leads_to_person, met, ticket_reason
from graph.talk import Answer, Effect, Understanding, Verdict
from tests.graph.talks import make_talk

REFUSE, ESCALATE = Verdict("injection", "refuse"), Verdict("some_rule", "escalate")
HOTLINE, NOTED = Verdict("self_harm", "hotline"), Verdict("smalltalk", "answer")


@pytest.mark.parametrize(
    ("verdicts", "wants_person", "to", "reason"),
    [
        ((), False, "coach", "question"),
        ((), True, "escalate", "wish"),
        ((NOTED,), False, "coach", "question"),
        ((REFUSE,), False, "act", "injection"),
        ((REFUSE,), True, "act", "injection"),
        ((ESCALATE,), False, "escalate", "some_rule"),
        ((REFUSE, HOTLINE), True, "escalate", "self_harm"),
        ((ESCALATE, REFUSE), False, "act", "injection"),
    ],
)
def test_danger_goes_before_refusal_and_refusal_before_a_wish(
    verdicts: Any, wants_person: bool, to: str, reason: str
) -> None:
    route = decide_talk_route(Understanding("en", wants_person=wants_person, verdicts=verdicts))
    assert (route.to, route.reason) == (to, reason)


@pytest.mark.parametrize(
    ("verdict", "to"),
    [
        (Verdict("frustration", "escalate"), "coach"),
        (Verdict("repeated_failure", "escalate"), "coach"),
        (ESCALATE, "escalate"),
        (HOTLINE, "escalate"),
    ],
)
def test_who_wants_no_person_is_sent_one_in_danger_alone(verdict: Verdict, to: str) -> None:
    assert decide_talk_route(Understanding("en", verdicts=(verdict,)), declines_person=True).to == to


@pytest.mark.parametrize(
    ("before", "now", "declines"),
    [
        (False, Understanding("en"), False),
        (True, None, True),
        (True, Understanding("en"), True),
        (True, Understanding("en", wants_person=True), False),
        (False, Understanding("en", declines_person=True), True),
    ],
)
def test_that_no_person_is_wanted_holds_until_one_is_asked_for(
    before: bool, now: Understanding | None, declines: bool
) -> None:
    talk = make_talk("Why?", declined_person=before, understanding=now)
    assert talk.declines_person is declines
    failed = Answer("x", is_answered=False)
    assert leads_to_person(failed, replace(talk, unanswered=9)) == (None if declines else "failures")


@pytest.mark.parametrize("by", [HandledBy.QUEUE, HandledBy.HUMAN])
def test_while_a_person_is_awaited_danger_alone_is_answered(by: HandledBy) -> None:
    danger = decide_talk_route(Understanding("en", wants_person=True, verdicts=(REFUSE, HOTLINE)), by)
    assert (danger.to, danger.reason, danger.outcome) == ("act", "self_harm", None)
    other = decide_talk_route(Understanding("en", wants_person=True, verdicts=(REFUSE,)), by)
    assert (other.to, other.outcome) == ("end", "left_to_person")


@pytest.mark.parametrize(
    ("answer", "unanswered", "limit", "reason"),
    [
        (Answer("x"), 5, 1, None),
        (Answer("x", is_answered=False), 0, 2, None),
        (Answer("x", is_answered=False), 1, 2, "failures"),
        (Answer("x", is_answered=False), 0, 1, "failures"),
        (Answer("x", is_answered=False, status="stopped"), 5, 1, None),
        (Answer("x", effects=(Effect("request_human"),)), 0, 2, "tool"),
        (Answer("x", effects=(Effect("create_ticket"),)), 0, 2, None),
    ],
)
def test_a_person_is_called_when_answers_fail(answer: Answer, unanswered: int, limit: int, reason: str | None) -> None:
    talk = make_talk("Why?", unanswered=unanswered)
    playbook = talk.playbook.model_copy(update={"limits": Limits(unanswered_before_human=limit)})
    assert leads_to_person(answer, replace(talk, playbook=playbook)) == reason


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("wish", "wish"),
        ("repeated_failure", "failures"),
        ("self_harm", "safety"),
        ("frustration", "sentiment"),
        ("", "tool"),
    ],
)
def test_tickets_know_a_few_reasons(reason: str, word: str) -> None:
    assert ticket_reason(reason) == word


@pytest.mark.parametrize(
    "text",
    [
        "what is 17*23",
        "17 + 4?",
        "ugh",
        "Hmmm",
        "what's the weather",
        "will it rain tomorrow?",
        "tell me a joke",
        "who is the president of France?",
        "what time is it?",
        "asdfgh",
        "كيف الجو اليوم؟",
        "كم الساعة؟",
        "قل لي نكتة",
        "أوف",
        "٥ + ٣",
    ],
)
def test_what_asks_nothing_of_the_product_is_no_failure(text: str) -> None:
    failed, talk = Answer("x", is_answered=False), make_talk(text, unanswered=9)
    assert met(failed, talk) is None
    assert leads_to_person(failed, talk) is None


@pytest.mark.parametrize(
    "text",
    [
        "How do I merge two workspaces?",
        "refunds?",
        "it does not work",
        "broken",
        "what is the limit of 20 keys",
        "show the time of each event",
        "what is the date of my next invoice",
        "كيف أدمج مساحتي عمل؟",
        "لا يعمل",
    ],
)
def test_a_question_without_an_answer_is_a_failure(text: str) -> None:
    failed, talk = Answer("x", is_answered=False), make_talk(text, unanswered=9)
    assert met(failed, talk) is False
    assert leads_to_person(failed, talk) == "failures"
