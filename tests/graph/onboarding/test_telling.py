"""What users tell unasked, put right, or go back to; and what is none of that."""

from typing import Any

import pytest

from core.playbooks import shipped
from graph.onboarding.answers import SKIPPED, corrected, learned
from graph.phrases import phrase
from graph.reasoners.talking import converse
from graph.talk import Talk
from tests.graph.talks import make_talk

QUESTIONS = {item.name: item for stage in shipped()["onboarding"].playbook.stages.values() for item in stage.questions}
PROFILE = {"role": "I run marketing", "team_size": "Just me"}
BEFORE_TIME = {**PROFILE, "industry": "retail", "goal": "export"}


def talk_at(text: str, question: str | None, answers: dict[str, str], language: str = "en", **changes: Any) -> Talk:
    put = QUESTIONS[question].wording(language) if question else "Fine."
    context = {"answers": answers}
    return make_talk(text, f"assistant: {put}", playbook="onboarding", language=language, context=context, **changes)


def facts_of(talk: Talk) -> dict[str, str]:
    return {fact.name: fact.value for fact in learned(talk)}


@pytest.mark.parametrize(
    ("text", "question", "answers", "found"),
    [
        ("actually, I'm in sales, not marketing", "team_size", {"role": "I run marketing"}, {"role": "Sales"}),
        ("I'm in sales, not marketing", "team_size", {"role": "I run marketing"}, {"role": "Sales"}),
        ("sorry, founder", "industry", PROFILE, {"role": "Founder or owner"}),
        ("no, I meant 2 to 10", "industry", PROFILE, {"team_size": "2 to 10"}),
        ("I changed my mind, my role is founder", "tools_used", PROFILE, {"role": "Founder or owner"}),
        ("change my role to manager please", "industry", PROFILE, {"role": "Manager"}),
        ("my role is founder", None, PROFILE, {"role": "Founder or owner"}),
        ("sorry I meant import leads", "timeline", BEFORE_TIME, {"goal": "import leads"}),
        ("we are 12 now", "goal", PROFILE, {"team_size": "12 now"}),
        ("لا، أقصد المبيعات", "team_size", {"role": "Manager"}, {"role": "Sales"}),
        ("لا أقصد المبيعات", "team_size", {"role": "Manager"}, {"role": "Sales"}),
        ("بل مدير", "team_size", {"role": "Sales"}, {"role": "Manager"}),
        ("في الحقيقة أنا مؤسس", "industry", PROFILE, {"role": "Founder or owner"}),
        ("غيرت رأيي، دوري مؤسس", "goal", PROFILE, {"role": "Founder or owner"}),
    ],
)
def test_an_answer_is_put_right(
    text: str, question: str | None, answers: dict[str, str], found: dict[str, str]
) -> None:
    talk = talk_at(text, question, answers)
    assert facts_of(talk) == found
    assert {fact.name: fact.value for fact in corrected(talk)} == found


@pytest.mark.parametrize(
    ("text", "question", "answers", "found"),
    [
        ("my role is Sales and we are 5 people in retail", "role", {},
         {"role": "Sales", "team_size": "5 people", "industry": "retail"}),
        ("دوري مبيعات ونحن 5 أشخاص في التجزئة", "role", {},
         {"role": "Sales", "team_size": "5 أشخاص", "industry": "التجزئة"}),
        ("Sales, we are 5 people", "role", {}, {"role": "Sales", "team_size": "5 people"}),
        ("we are 5 people", "role", {}, {"team_size": "5 people"}),
        ("invite them all, our team is 12 people", "goal", PROFILE,
         {"team_size": "12 people", "goal": "invite them all"}),
    ],
)  # fmt: skip
def test_several_questions_are_told_at_once(text: str, question: str, answers: Any, found: dict[str, str]) -> None:
    assert facts_of(talk_at(text, question, answers)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I'm head of sales at Acme, retail", {"role": "I'm head of sales", "company": "Acme", "industry": "retail"}),
        ("head of sales at Acme", {"role": "head of sales", "company": "Acme"}),
        ("director at a retail company", {"role": "director at a retail company"}),
        ("at least the boss of two", {"role": "at least the boss of two"}),
        ("my role is buyer, our company is Acme", {"role": "buyer", "company": "Acme"}),
        ("مدير المبيعات في شركة أكمي", {"role": "مدير المبيعات", "company": "أكمي"}),
        ("مدير في البيت", {"role": "مدير في البيت"}),
        ("we need to sell at Acme in the whole of Europe", {}),
    ],
)
def test_a_short_answer_tells_what_is_sure_of_the_other_open_questions(text: str, found: dict[str, str]) -> None:
    role = shipped()["sales"].playbook.stages["qualifying"].questions[0]
    talk = make_talk(text, f"assistant: {role.wording('en')}", playbook="sales", stage="qualifying")
    assert facts_of(talk) == found


def test_what_is_answered_or_not_of_the_stage_is_told_by_its_name_alone() -> None:
    role = shipped()["sales"].playbook.stages["qualifying"].questions[0]
    before, answers = f"assistant: {role.wording('en')}", {"answers": {"company": "Acme"}}
    talk = make_talk("buyer at Bolt", before, playbook="sales", stage="qualifying", context=answers)
    assert facts_of(talk) == {"role": "buyer at Bolt"}
    assert facts_of(talk_at("our goal is a weekly report", "industry", PROFILE)) == {"goal": "a weekly report"}
    assert facts_of(talk_at("هدفنا تقرير أسبوعي", "industry", PROFILE, "ar")) == {"goal": "تقرير أسبوعي"}


@pytest.mark.parametrize(
    ("text", "question", "found"),
    [
        ("actually 2 to 10", "team_size", {"team_size": "2 to 10"}),
        ("not sure", "team_size", {"team_size": SKIPPED}),
        ("actually, support tickets", "goal", {"goal": "actually, support tickets"}),
        ("we have contacts in hubspot", "goal", {"goal": "we have contacts in hubspot"}),
        ("actually in 2 weeks", "timeline", {"timeline": "actually in 2 weeks"}),
        ("retail", "industry", {"industry": "retail"}),
        ("not a manager", "role", {"role": "not a manager"}),
        ("is my role Sales?", "team_size", {}),
        ("just show me how to connect my CRM", "industry", {}),
        ("tell me about prices", "goal", {}),
        ("أرني كيف أربط الأداة", "industry", {}),
        ("I don't like questions", "role", {"questions_ended": SKIPPED}),
        ("this is annoying", "goal", {"questions_ended": SKIPPED}),
        ("لا أحب الأسئلة", "role", {"questions_ended": SKIPPED}),
    ],
)
def test_what_puts_nothing_right_is_an_answer_or_none(text: str, question: str, found: dict[str, str]) -> None:
    before = {name: "Sales" if name == "role" else "x" for name in list(QUESTIONS)[: list(QUESTIONS).index(question)]}
    assert facts_of(talk_at(text, question, before)) == found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_change_is_confirmed_in_the_users_language_and_the_open_question_put_again(language: str) -> None:
    text = "بل مدير" if language == "ar" else "sorry, manager"
    said = converse(talk_at(text, "industry", PROFILE, language), ()).text
    value = {"en": "Manager", "ar": "مدير"}[language]
    asked = QUESTIONS["industry"].wording(language)
    assert said == phrase("question.corrected", language, answer=value, question=asked)


@pytest.mark.parametrize(
    ("text", "language"),
    [("go back", "en"), ("I changed my mind", "en"), ("previous question, please", "en"), ("ارجع", "ar"),
     ("السؤال السابق", "ar")],
)  # fmt: skip
def test_who_goes_back_is_asked_the_question_before_and_may_answer_it_anew(text: str, language: str) -> None:
    talk = talk_at(text, "industry", PROFILE, language)
    again = phrase("question.back", language, question=QUESTIONS["team_size"].wording(language))
    assert (learned(talk), converse(talk, ()).text) == ((), again)
    anew = make_talk("2 to 10", f"assistant: {again}", playbook="onboarding", context={"answers": PROFILE})
    assert [(fact.name, fact.value) for fact in corrected(anew)] == [("team_size", "2 to 10")]
    twice = make_talk(text, f"assistant: {again}", playbook="onboarding", context={"answers": PROFILE})
    assert QUESTIONS["role"].wording("en") in converse(twice, ()).text or language == "ar"


def test_there_is_no_way_back_before_the_first_question() -> None:
    assert QUESTIONS["role"].wording("en") in converse(talk_at("go back", "role", {}), ()).text


def test_a_request_in_the_middle_is_answered_and_the_question_put_again() -> None:
    said = converse(talk_at("just show me how to connect my CRM", "industry", PROFILE), ()).text
    assert said.startswith(phrase("unanswerable", "en"))
    assert said.endswith(phrase("question.after_answer", "en", question=QUESTIONS["industry"].wording("en")))
