"""How the rules converse: quoting, asking, small talk, and saying what they do not know."""

from dataclasses import replace
from typing import Any

import pytest

from core.conversations import Channel
from core.playbooks import Playbook, Question, shipped
from core.tables import Row
from graph.excerpts import Excerpt, Line
from graph.languages import is_written_in
from graph.onboarding.answers import SKIPPED, learned
from graph.phrases import phrase
from graph.reasoners.talking import converse
from graph.routing import leads_to_person
from graph.talk import Answer, Fact, Reply, Talk, ToolSpec, Understanding
from tests.graph.talks import KEYS, LIMITS, advanced, make_talk

ADVANCE = ToolSpec("advance_stage", "", {})
ONBOARDING = shipped()["onboarding"].playbook
ROLE, TEAM, INDUSTRY = ONBOARDING.stages["profile"].questions
KEYS_AR = Excerpt("chunk-3", "", "تبدأ المفاتيح بالرمز crm_live_. تتكون من 32 حرفًا.", None, None)
ROWS = tuple(enumerate(("Price", "People", "Contacts", "Deals")))


def words(talk: Talk, *tools: ToolSpec) -> str:
    return converse(talk, tools).text


READ_ON = phrase("read_on", "en", title="CRM keys", url="https://help.example/keys")


@pytest.mark.parametrize(("channel", "rest"), [(Channel.WHATSAPP, [READ_ON]), (Channel.PAGE, []), (Channel.API, [])])
def test_an_answer_is_quoted_with_its_source_and_where_none_is_shown_the_way_to_the_rest(
    channel: Channel, rest: list[str]
) -> None:
    reply = converse(make_talk(excerpts=(KEYS, LIMITS), channel=channel), ())
    assert reply.is_answered
    assert reply.text.splitlines() == ["Live keys begin with crm_live_. They have 32 characters. [1]", *rest]


def test_what_was_quoted_whole_needs_no_way_to_the_rest() -> None:
    assert (
        words(make_talk(excerpts=(KEYS,), channel=Channel.WHATSAPP))
        == "Live keys begin with crm_live_. They have 32 characters. [1]"
    )


def test_what_may_not_be_meant_is_quoted_in_short_and_said_to_be_so() -> None:
    long = replace(KEYS, text=" ".join(f"Sentence {number} speaks of keys." for number in range(6)))
    assert words(make_talk(excerpts=(long,), is_sure=False, channel=Channel.WHATSAPP)).splitlines() == [
        phrase("unsure", "en"),
        "Sentence 0 speaks of keys. Sentence 1 speaks of keys. [1]",
        READ_ON,
        phrase("offer_person", "en"),
    ]


def test_where_nothing_can_be_quoted_the_page_is_named_as_one_that_may_help() -> None:
    rows = tuple(Line(f"{head} – Team: 1", at, at, "row", "-", Row(head, (("Team", "1"),))) for at, head in ROWS)
    plans = replace(KEYS, lines=rows)
    said = words(make_talk("what is included?", excerpts=(plans,), is_sure=False))
    assert said.splitlines() == [
        phrase("may_help", "en", title="CRM keys", url="https://help.example/keys"),
        phrase("offer_person", "en"),
    ]


def test_what_follows_a_list_begins_a_paragraph() -> None:
    rows = tuple(Line(f"{head} – Team: 1", at, at, "row", "-", Row(head, (("Team", "1"),))) for at, head in ROWS)
    plans = replace(KEYS, lines=rows)
    talk = make_talk("how many deals are there?", excerpts=(plans,), is_sure=False, channel=Channel.WHATSAPP)
    assert words(talk) == "\n".join(
        (phrase("unsure", "en"), "- Deals – Team: 1 [1]", "", READ_ON, phrase("offer_person", "en"))
    )


def test_what_is_not_found_is_said_and_a_person_offered() -> None:
    reply = converse(make_talk(), ())
    assert (reply.text, reply.is_answered) == (phrase("unanswerable", "en"), False)


def test_in_arabic_the_words_are_arabic() -> None:
    reply = converse(make_talk("كيف أستورد جهات الاتصال؟", language="ar"), ())
    assert reply.text == phrase("unanswerable", "ar")


def test_a_document_in_another_language_is_announced() -> None:
    assert words(make_talk(language="ar", excerpts=(KEYS,))).startswith("لديّ هذا بالإنجليزية فقط:")
    assert words(make_talk(excerpts=(KEYS_AR,))).startswith("I have this in Arabic only:")
    assert words(make_talk(language="ar", excerpts=(KEYS_AR,))).startswith("تبدأ المفاتيح")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Thanks!", "thanks"), ("are you a robot?", "who_are_you"), ("bye", "goodbye"), ("ok", "affirm"),
        ("no", "deny"), ("👍", "affirm"), ("🙏", "thanks"), ("cool", "noted"), ("جميل", "noted"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ar"])
def test_small_talk(text: str, key: str, language: str) -> None:
    talk = make_talk(text, "assistant: …", language=language, excerpts=(KEYS,))
    assert words(talk) == phrase(key, language, product="the product")


def test_a_greeting_is_answered_by_the_playbooks_own() -> None:
    assert words(make_talk("Hi")) == shipped()["support"].playbook.greeting["en"]
    assert words(make_talk("Hi", "user: Hi", "assistant: Hello")) == phrase("greeting_again", "en")


def test_onboarding_begins_with_its_first_question() -> None:
    for opening in ("Hi", "I want to get started"):
        said = words(make_talk(opening, playbook="onboarding"))
        assert said == f"{ONBOARDING.greeting['en']} {ROLE.wording('en')}"


def test_a_greeting_that_holds_the_question_does_not_repeat_it() -> None:
    assert words(make_talk("hello", playbook="sales")) == shipped()["sales"].playbook.greeting["en"]


def test_an_answer_leads_to_the_next_question() -> None:
    said = words(make_talk("Founder or owner", f"assistant: {ROLE.wording('en')}", playbook="onboarding"))
    assert said == phrase("question.next", "en", question=TEAM.wording("en"))


def test_passing_over_leads_on_too() -> None:
    said = words(make_talk("skip", f"assistant: {ROLE.wording('en')}", playbook="onboarding"))
    assert said == phrase("question.skipped", "en", question=TEAM.wording("en"))


def test_a_question_of_the_user_is_answered_and_the_open_one_put_again() -> None:
    before = f"assistant: {ROLE.wording('en')}"
    said = words(make_talk("Where do I find keys?", before, playbook="onboarding", excerpts=(KEYS,)))
    assert said.startswith("Live keys begin with crm_live_.")
    assert said.endswith(phrase("question.after_answer", "en", question=ROLE.wording("en")))


def test_who_asks_why_is_told_and_asked_again() -> None:
    said = words(make_talk("Why do you ask?", f"assistant: {ROLE.wording('en')}", playbook="onboarding"))
    assert said.startswith(phrase("why_do_you_ask", "en"))
    assert said.endswith(phrase("question.after_answer", "en", question=ROLE.wording("en")))
    assert converse(make_talk("why", "assistant: Keys expire."), ()).text == phrase("unanswerable", "en")


def test_a_stage_whose_questions_are_done_is_left_by_the_tool() -> None:
    before = f"assistant: {INDUSTRY.wording('en')}"
    talk = make_talk("Retail", before, playbook="onboarding", context={"answers": {"role": "x", "team_size": "2"}})
    reply = converse(talk, (ADVANCE,))
    assert (reply.text, [(call.name, call.arguments) for call in reply.tool_calls]) == (
        "", [("advance_stage", '{"stage":"goals"}')],
    )  # fmt: skip
    goal = ONBOARDING.stages["goals"].questions[0]
    after = converse(replace(talk, results=(advanced("goals"),)), (ADVANCE,))
    assert after.text == phrase("question.next", "en", question=goal.wording("en"))


@pytest.mark.parametrize(("tools", "results"), [((), ()), ((ADVANCE,), (advanced("goals", "refused"),))])
def test_without_leave_to_move_the_stage_stays_and_the_user_is_not_left_alone(tools: Any, results: Any) -> None:
    before = f"assistant: {INDUSTRY.wording('en')}"
    answers = {"answers": {"role": "x", "team_size": "2"}}
    talk = make_talk("Retail", before, playbook="onboarding", context=answers, results=results)
    assert words(talk, *tools) == phrase("questions_done", "en")


@pytest.mark.parametrize("text", ["…", "?!", "🪣", "\u202e\u200f"])
def test_a_message_without_words_is_asked_about(text: str) -> None:
    assert words(make_talk(text, excerpts=(KEYS,))) == phrase("not_understood", "en")


def test_an_angry_user_is_not_met_with_cheer() -> None:
    understood = Understanding("en", sentiment="angry")
    assert words(make_talk("nothing works", understanding=understood)).startswith(phrase("sorry_to_hear", "en"))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_yes_to_the_offer_of_a_person_calls_one(language: str) -> None:
    offer = f"assistant: {phrase('unanswerable', language)}"
    talk = make_talk("نعم" if language == "ar" else "Yes, please", "user: Do you fly?", offer, language=language)
    request = ToolSpec("request_human", "", {})
    assert [(call.name, call.arguments) for call in converse(talk, (request,)).tool_calls] == [
        ("request_human", '{"reason":"Do you fly?"}')
    ]
    assert converse(talk, ()).tool_calls == ()
    assert converse(replace(talk, messages=()), (request,)).tool_calls == ()


@pytest.mark.parametrize("text", ["yes", "1", "1 and 2", "The first one, please", "نعم", "both"])
def test_a_choice_among_recommendations_is_noted(text: str) -> None:
    shown = f"assistant: {phrase('recommendations.intro', 'en')}\n\n{phrase('recommendations.ask', 'en')}"
    assert words(make_talk(text, shown, playbook="onboarding")) == phrase("recommendations.chosen", "en")
    assert words(make_talk(text, "assistant: …", playbook="support")) != phrase("recommendations.chosen", "en")


@pytest.mark.parametrize(
    "text", ["no", "no thanks", "the", "please", "none of them", "which one is best?", "no one", "لا"]
)
def test_what_chooses_nothing_is_not_taken_for_a_choice(text: str) -> None:
    shown = f"assistant: {phrase('recommendations.ask', 'en')}"
    assert words(make_talk(text, shown, playbook="onboarding")) != phrase("recommendations.chosen", "en")


@pytest.mark.parametrize(("text", "key"), [("What is the capital of France?", "unanswerable"), ("thanks", "thanks")])
def test_the_open_question_is_put_again_after_what_is_no_answer(text: str, key: str) -> None:
    before = f"assistant: {ROLE.wording('en')}"
    said = words(make_talk(text, before, playbook="onboarding"))
    assert said.startswith(phrase(key, "en"))
    assert said.endswith(phrase("question.after_answer", "en", question=ROLE.wording("en")))


@pytest.mark.parametrize(("language", "lead"), [("en", "And to go on: "), ("ar", "ولنتابع: ")])
def test_the_way_back_to_a_question_is_worded_for_any_playbook(language: str, lead: str) -> None:
    name = shipped()["sales"].playbook.stages["greeting"].questions[0].wording(language)
    talk = make_talk("What is the capital of France?", f"assistant: {name}", playbook="sales", language=language)
    assert words(talk).endswith(f"\n\n{lead}{name}")


def test_a_side_question_without_an_answer_calls_nobody() -> None:
    talk = make_talk("Do you fly?", f"assistant: {ROLE.wording('en')}", playbook="onboarding", unanswered=5)
    reply = converse(talk, ())
    assert not reply.is_answered
    assert leads_to_person(Answer(reply.text, is_answered=False), talk) is None
    assert leads_to_person(Answer(phrase("unanswerable", "en"), is_answered=False), talk) == "failures"
    request = ToolSpec("request_human", "", {})
    after = make_talk("yes", "user: Do you fly?", f"assistant: {reply.text}", playbook="onboarding")
    assert [call.name for call in converse(after, (request,)).tool_calls] == ["request_human"]


def test_who_says_something_else_is_asked_once_more() -> None:
    again = phrase("question.again", "en", question=ROLE.wording("en"))
    before = f"assistant: {ROLE.wording('en')}"
    assert words(make_talk("I look after all that our customers need here", before, playbook="onboarding")) == again
    assert words(make_talk("just tell me what you recommend", before, playbook="onboarding")) == again


@pytest.mark.parametrize("messages", [("Sales", "Where do I find keys?"), ("Where do I find keys?", "Sales")])
def test_an_answer_and_a_question_in_two_quick_messages_are_both_taken(messages: tuple[str, str]) -> None:
    talk = make_talk("…", f"assistant: {ROLE.wording('en')}", playbook="onboarding", excerpts=(KEYS,))
    talk = replace(talk, asked=tuple(replace(talk.asked[0], text=text) for text in messages))
    assert learned(talk) == (Fact("role", "Sales"),)
    onward = phrase("question.next", "en", question=TEAM.wording("en"))
    assert words(talk) == f"Live keys begin with crm_live_. They have 32 characters. [1]\n\n{onward}"
    missing = phrase("unanswerable_part", "en", question="Where do I find keys")
    assert words(replace(talk, excerpts=())) == f"{missing}\n\n{onward}"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what was the question?", "en"),
        ("repeat the question, please", "en"),
        ("ماذا كان السؤال؟", "ar"),
        ("كرر", "ar"),
    ],
)
@pytest.mark.parametrize("question", [ROLE, INDUSTRY])
def test_who_asks_what_the_question_was_reads_it_once_more(text: str, language: str, question: Question) -> None:
    before = f"assistant: {question.wording(language)}"
    talk = make_talk(text, before, playbook="onboarding", language=language, excerpts=(KEYS,))
    assert learned(talk) == ()
    assert words(talk) == phrase("question.back", language, question=question.wording(language))


@pytest.mark.parametrize("text", ["Manager", "our office", "ok"])
def test_what_is_none_of_the_choices_is_asked_about_once(text: str) -> None:
    again = phrase("question.again", "en", question=TEAM.wording("en"))
    before = (f"assistant: {ROLE.wording('en')}", "user: Sales", f"assistant: {TEAM.wording('en')}")
    assert words(make_talk(text, *before, playbook="onboarding", excerpts=(KEYS,))) == again
    later = make_talk(text, *before, f"user: {text}", f"assistant: {again}", playbook="onboarding")
    assert words(later) == phrase("question.skipped", "en", question=INDUSTRY.wording("en"))


TRACE = (
    "2 min ago: clicked “Test connection” on /connect-crm, which led to an error twice",
    "1 min ago: opened /help",
    "just now: tooltip “Check your key” at /connect-crm: dismissed",
)
SORRY = phrase("sorry_to_hear", "en")


@pytest.mark.parametrize(
    "text", ["it does not work", "I have a problem!", "doesn’t work :(", "👎", "there is an error"]
)
@pytest.mark.parametrize("excerpts", [(), (KEYS,)])
def test_a_complaint_that_names_nothing_is_asked_about(text: str, excerpts: Any) -> None:
    reply = converse(make_talk(text, excerpts=excerpts), ())
    assert reply == Reply(f"{SORRY} {phrase('clarify', 'en')}")
    tried = converse(make_talk(text, excerpts=excerpts, trace=TRACE), ())
    assert tried.text == f"{SORRY} {phrase('clarify_place', 'en', place='“Test connection”')}"


def test_in_arabic_a_complaint_is_asked_about_too() -> None:
    tried = make_talk(
        "لا يعمل", language="ar", excerpts=(KEYS_AR,), trace=("just now: the form on /import was refused",)
    )
    assert words(tried) == f"{phrase('sorry_to_hear', 'ar')} {phrase('clarify_place', 'ar', place='“/import”')}"


def test_who_says_no_more_than_that_or_was_not_helped_is_offered_a_person() -> None:
    helped = "assistant: Open Settings [1]."
    assert words(make_talk("it does not work", helped)).endswith(phrase("offer_person", "en"))
    before = (f"assistant: {SORRY} {phrase('clarify', 'en')}",)
    reply = converse(make_talk("it just doesn't work", "user: it does not work", *before), ())
    assert reply == Reply(phrase("clarify_person", "en"), is_answered=False)
    request = ToolSpec("request_human", "", {})
    after = make_talk("yes", "user: it does not work", f"assistant: {reply.text}")
    assert [call.name for call in converse(after, (request,)).tool_calls] == ["request_human"]


def test_after_a_question_back_the_playbook_goes_on() -> None:
    before = (f"assistant: {ROLE.wording('en')}", "user: it is broken", f"assistant: {SORRY} {phrase('clarify', 'en')}")
    talk = make_talk("keys are refused", *before, playbook="onboarding", excerpts=(KEYS,))
    assert words(talk).startswith("Live keys begin")
    assert words(talk).endswith(phrase("question.after_answer", "en", question=ROLE.wording("en")))


@pytest.mark.parametrize("stage", ["profile", "tools"])
def test_who_wants_no_more_questions_is_asked_none(stage: str) -> None:
    question = ONBOARDING.stages[stage].questions[0]
    talk = make_talk("stop", f"assistant: {question.wording('en')}", playbook="onboarding", stage=stage)
    assert converse(talk, (ADVANCE,)) == Reply(phrase("questions_ended", "en"))
    stored = {"answers": {"questions_ended": SKIPPED}}
    after = make_talk("Hello", "assistant: Fine.", playbook="onboarding", stage=stage, context=stored)
    assert converse(after, (ADVANCE,)) == Reply(phrase("greeting_again", "en"))


@pytest.mark.parametrize("text", ["none", "None of these", "neither", "لا شيء"])
def test_none_of_the_recommendations_is_a_no(text: str) -> None:
    shown = f"assistant: {phrase('recommendations.ask', 'en')}"
    assert words(make_talk(text, shown, playbook="onboarding")) == phrase("deny", "en")


@pytest.mark.parametrize("name", ["onboarding", "sales", "support"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_whole_conversation_without_any_model(name: str, language: str) -> None:
    """A user who answers everything is led through each stage that asks, in their language."""
    playbook: Playbook = shipped()[name].playbook
    lines, answers, stage, asked = ["user: hi"], {"email": SKIPPED}, playbook.first_stage, "hi"
    for _ in range(14):
        talk = make_talk(
            asked, *lines[:-1], playbook=playbook, stage=stage, language=language, context={"answers": dict(answers)}
        )
        results: tuple[Any, ...] = ()
        reply = converse(talk, (ADVANCE,))
        while reply.tool_calls:
            stage = reply.tool_calls[0].arguments.split('"')[3]
            results = (*results, advanced(stage))
            reply = converse(replace(talk, results=results), (ADVANCE,))
        assert reply.text
        assert is_written_in(reply.text, language)
        asked = "blue" if language == "en" else "أزرق"
        lines += [f"assistant: {reply.text}", f"user: {asked}"]
        lines = lines[-10:]
        answers |= {fact.name: fact.value for fact in learned(talk)}
    expected = {"onboarding": "recommending", "sales": "solution", "support": "open"}
    assert stage == expected[name]
