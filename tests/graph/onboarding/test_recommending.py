"""Recommendations: made of what the user said and the documents say, checked by rules, shown with their sources."""

from dataclasses import replace
from typing import Any

import pytest

from core.conversations import Citation
from core.recommendations import Change, DraftVerdict, Recommendation, recommendation_id
from graph.excerpts import Excerpt, Line
from graph.onboarding.checking import check_draft, hold_to_passages, risk_of
from graph.onboarding.rules import (
    advice_queries,
    enhance_context,
    generate_questions,
    make_recommendations,
    validate_recommendations,
)
from graph.onboarding.showing import as_numbered, passing, recommendations_answer
from graph.onboarding.values import Drafts, Verdicts
from graph.phrases import phrase
from graph.talk import Fact
from stream_consumer.knowledge_store import Claims
from tests.graph.shelf import KEYS as KEYS_TEXT
from tests.graph.shelf import make_passage
from tests.graph.talks import KEYS, make_talk

INVOICES = Excerpt(
    "i", "Send invoices", "Open Invoices and press New. Pick a customer.", "https://help.example/i", None
)
INVITE = Excerpt("t", "Invite your team", "Open Team and enter one address per line.", "https://help.example/t", None)
IMPORT = Excerpt("c", "Import contacts", "Choose a CSV file with at most 5,000 rows.", None, None)
WEATHER = Excerpt("w", "Weather", "It rains.", None, None)
TEAM_AR = Excerpt("a", "دعوة الفريق", "افتح صفحة الفريق واكتب عنوانًا في كل سطر.", None, None)
ANSWERS = {"role": "Sales", "team_size": "2 to 10", "goal": "Send invoices", "tools_used": "Excel",
           "existing_data": "Yes, as a file"}  # fmt: skip


def ready(*excerpts: Excerpt, **changes: Any) -> Any:
    answers = changes.pop("answers", ANSWERS)
    return make_talk("that is all", playbook="onboarding", excerpts=excerpts, context={"answers": answers}, **changes)


def draft(**changes: Any) -> Recommendation:
    values: dict[str, Any] = {
        "title": "Send invoices",
        "summary": "You want that first.",
        "steps": ("Open Invoices and press New.",),
        "citations": (Citation(title="Send invoices", chunk_id="i"),),
        "rests_on": ("goal",),
        "confidence": 0.8,
    }
    return Recommendation(**{**values, **changes})


def test_what_is_known_is_typed() -> None:
    talk = ready(
        facts=(Fact("industry", "Retail"),),
        trace=("opened /team", "the form at /team was refused 3 times", "the tooltip on /connect was dismissed"),
    )
    context = enhance_context(talk)
    assert {fact.name: fact.value for fact in context.facts} == {**ANSWERS, "industry": "Retail"}
    assert (context.goal, context.learned) == ("Send invoices", ())
    assert context.obstacles == talk.trace[1:]


def test_the_next_questions_are_the_stages_own_in_the_users_language() -> None:
    asked = generate_questions(make_talk("hi", playbook="onboarding", language="ar", context={"role": "x"}))
    assert [one.name for one in asked.items] == ["team_size", "industry"]
    assert asked.items[1].text == "ما مجال عملكم؟"


@pytest.mark.parametrize(
    ("answers", "queries"),
    [
        (ANSWERS, ("Send invoices", "import from a file", "invite team members")),
        ({"team_size": "5 people"}, ("invite team members",)),
        (
            {"team_size": "5 أشخاص", "tools_used": "HubSpot", "existing_data": "Yes, in another tool"},
            ("how do I connect my CRM", "import from a file", "invite team members"),
        ),
        ({"goal": "-", "team_size": "Just me", "tools_used": "none", "existing_data": "No"}, ()),
        ({}, ()),
    ],
)
def test_what_to_look_for(answers: dict[str, str], queries: tuple[str, ...]) -> None:
    assert advice_queries(ready(answers=answers)) == queries


def test_each_article_that_an_answer_speaks_for_becomes_a_draft_the_goal_first() -> None:
    made = make_recommendations(ready(INVITE, WEATHER, IMPORT, INVOICES)).items
    assert [(one.title, one.rests_on, one.confidence) for one in made] == [
        ("Send invoices", ("goal",), 0.8),
        ("Bring your data along", ("existing_data",), 0.7),
        ("Invite your team", ("team_size",), 0.7),
    ]
    assert made[0].steps == ("Open Invoices and press New.", "Pick a customer.")
    assert made[0].citations[0].chunk_id == "i"


CONTACTS = Excerpt("i1", "Import your contacts", "Paste a list, or upload a CSV file.", "https://help.example/c", None)
EXPORT = Excerpt("e1", "Export your data", "Press **Export contacts**. You get a CSV file.", None, None)
ERRORS = Excerpt("e2", "Fix errors in an import", "Mend the lines and press Import contacts again.", None, None)
PRIVACY = Excerpt("p1", "Privacy", "Press **Export person** for a contact that you import.", None, None)
TESTING = Excerpt("c2", "Connect your CRM", "Test connection shows one contact. Nothing is stored.", None, None)
CRM_STEPS = (Line("Open **Settings**.", 0, 0, "item", "1."), Line("Press **Connect**.", 1, 1, "item", "2."))
CRM = Excerpt("c1", "Connect your CRM", "1. Open **Settings**.\n2. Press **Connect**.", lines=CRM_STEPS)


@pytest.mark.parametrize(
    ("answers", "shelf", "chunks"),
    [
        ({"goal": "import my contacts", "team_size": "2 to 10", "existing_data": "Yes, as a file"},
         (ERRORS, CONTACTS, EXPORT, PRIVACY, INVITE, CRM), ["i1", "t"]),
        ({"goal": "import my contacts", "team_size": "5 people", "existing_data": "Yes, in another tool"},
         (CONTACTS, EXPORT, ERRORS, TESTING, CRM, INVITE), ["i1", "c1", "t"]),
        ({"goal": "connect my CRM", "team_size": "Just me", "existing_data": "Yes, in another tool"},
         (CRM, CONTACTS), ["c1", "i1"]),
        ({"goal": "a weekly walk in the woods", "team_size": "Just me", "existing_data": "No"}, (EXPORT, ERRORS), []),
    ],
)  # fmt: skip
def test_what_only_shares_a_word_is_not_recommended_and_no_article_twice(
    answers: dict[str, str], shelf: tuple[Excerpt, ...], chunks: list[str]
) -> None:
    made = make_recommendations(ready(*shelf, answers=answers)).items
    assert [one.citations[0].chunk_id for one in made] == chunks
    assert not any("**" in step for one in made for step in one.steps)


ROWS = Excerpt("e3", ERRORS.title, "Split it into several files.", heading="My file has more than 1,000 rows")
AGAIN = Excerpt("i2", CONTACTS.title, "Press it once more.", heading="The import service did not answer")
SAME = Excerpt("i3", CONTACTS.title, "Contacts are told apart by their address.", heading="Rows with the same address")
IMPORT_AR = Excerpt("a1", "استيراد جهات الاتصال", "ارفع ملف CSV من صفحة الاستيراد.")
AGAIN_AR = Excerpt("a2", IMPORT_AR.title, "اضغط مرة أخرى.", heading="خدمة الاستيراد لم تستجب")


@pytest.mark.parametrize(
    ("shelf", "language", "goal", "steps"),
    [
        ((ROWS, SAME, AGAIN, CONTACTS), "en", "-", ["Paste a list, or upload a CSV file."]),
        ((ROWS,), "en", "-", []),
        ((AGAIN, CONTACTS), "en", "import my contacts", ["Paste a list, or upload a CSV file."]),
        ((ROWS, CONTACTS), "en", "fix the errors",
         ["Split it into several files.", "Paste a list, or upload a CSV file."]),
        ((AGAIN_AR, IMPORT_AR), "ar", "-", ["ارفع ملف CSV من صفحة الاستيراد."]),
    ],
)  # fmt: skip
def test_the_way_it_is_done_is_recommended_and_no_cure_of_a_trouble_that_nobody_has(
    shelf: tuple[Excerpt, ...], language: str, goal: str, steps: list[str]
) -> None:
    answers = {"goal": goal, "team_size": "Just me", "existing_data": "Yes, as a file"}
    made = make_recommendations(ready(*shelf, answers=answers, language=language)).items
    assert [step for one in made for step in one.steps] == steps


def test_a_topic_is_recommended_where_nothing_is_for_the_goal_that_names_it() -> None:
    answers = {"goal": "-", "team_size": "2 to 10", "existing_data": "Yes, as a file"}
    assert [one.rests_on for one in make_recommendations(ready(CONTACTS, INVITE, answers=answers)).items] == [
        ("existing_data",), ("team_size",),
    ]  # fmt: skip


def test_who_works_alone_is_not_told_to_invite_anybody() -> None:
    assert make_recommendations(ready(INVITE, answers={**ANSWERS, "team_size": "Just me"})).items == ()


def test_articles_in_another_language_are_left_out() -> None:
    assert [one.citations[0].chunk_id for one in make_recommendations(ready(INVITE, TEAM_AR, language="ar")).items] == [
        "a"
    ]


def test_what_the_rules_make_passes_their_own_check() -> None:
    talk = ready(INVITE, IMPORT, INVOICES)
    drafts = make_recommendations(talk)
    verdicts = validate_recommendations(talk, drafts)
    assert verdicts.passing == len(drafts.items) == 3
    assert [verdict.risk for verdict in verdicts.items] == ["low", "low", "medium"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"steps": ()}, "nothing_to_do"),
        ({"citations": (), "rests_on": ()}, "no_ground"),
        ({"citations": (Citation(title="x", chunk_id="elsewhere"),)}, "unknown_source"),
        ({"rests_on": ("shoe_size",)}, "unknown_fact"),
        ({"steps": ("It costs 99 dollars a month.",)}, "invented_number"),
        ({"steps": ("See https://evil.example/now for more.",)}, "foreign_link"),
        ({"title": "أرسل الفواتير", "summary": "هذا ما تريده", "steps": ("افتح صفحة الفواتير",)}, "wrong_language"),
        ({"confidence": 0.49}, "low_confidence"),
    ],
)
def test_what_speaks_against_a_draft_is_named(changes: dict[str, Any], fault: str) -> None:
    verdict = check_draft(ready(INVOICES), draft(**changes))
    assert (verdict.passes, verdict.faults) == (False, (fault,))


def test_a_sound_draft_passes_and_its_repetition_does_not() -> None:
    talk = ready(INVOICES)
    first, second = validate_recommendations(talk, Drafts((draft(), draft(title="SEND invoices!")))).items
    assert first.passes
    assert second.faults == ("repeated",)


def test_a_link_that_a_document_gives_and_a_number_that_the_user_gave_may_be_said() -> None:
    talk = ready(INVOICES, answers={**ANSWERS, "budget": "500"})
    steps = ("Set the limit to 500.", "Read on at https://help.example/i")
    assert check_draft(talk, draft(steps=steps)).passes


@pytest.mark.parametrize(
    ("changes", "risk"),
    [
        ({}, "low"),
        ({"steps": ("Invite a colleague.",)}, "medium"),
        ({"changes": (Change(setting="theme", value="dark"),)}, "medium"),
        ({"changes": (Change(setting="plan", value="upgrade"),)}, "high"),
        ({"steps": ("Delete the old list.",)}, "low"),
    ],
)
def test_risk(changes: dict[str, Any], risk: str) -> None:
    assert risk_of(draft(**changes)) == risk


def test_a_draft_is_never_less_risky_than_its_maker_said() -> None:
    assert check_draft(ready(INVOICES), draft(risk="high")).risk == "high"


@pytest.mark.parametrize(
    ("step", "passes"),
    [("Live keys begin with crm_live_.", True), ("Test keys are accepted.", False), ("Paint the office green.", False)],
)
def test_steps_must_be_what_the_documents_say(step: str, passes: bool) -> None:
    talk = ready(replace(KEYS, text=KEYS_TEXT))
    drafts = Drafts((draft(steps=(step,), citations=(Citation(title="CRM keys", chunk_id="chunk-1"),)),))
    verdicts = hold_to_passages(
        drafts, validate_recommendations(talk, drafts), Claims(), (make_passage(),), (), "Fieldbook"
    )
    assert [(one.passes, "unsupported" in one.faults) for one in verdicts.items] == [(passes, not passes)]


def test_they_are_shown_with_steps_and_numbered_sources() -> None:
    talk = ready(INVITE, INVOICES)
    drafts = make_recommendations(talk)
    verdicts = validate_recommendations(talk, drafts)
    answer = recommendations_answer(passing(drafts, verdicts), "en")
    assert answer.text == "\n\n".join(
        [
            phrase("recommendations.intro", "en"),
            "1. Send invoices: It is about what you want first: Send invoices. [1]\n"
            "- Open Invoices and press New.\n- Pick a customer.",
            "2. Invite your team: You said that several people will work with it. [2]\n"
            "- Open Team and enter one address per line.",
            phrase("recommendations.ask", "en"),
        ]
    )
    assert [(one.marker, one.title) for one in answer.citations] == [(1, "Send invoices"), (2, "Invite your team")]


def test_two_drafts_of_one_source_share_its_number() -> None:
    answer = recommendations_answer((draft(), draft(title="Another")), "en")
    assert [one.marker for one in answer.citations] == [1]
    assert answer.text.count("[1]") == 2


def test_what_is_kept_is_numbered_as_what_is_shown() -> None:
    other = Citation(title="Team", url="https://help.example/t", marker=1, chunk_id="t")
    first = Citation(title="Send invoices", marker=1, chunk_id="i")
    drafts = Drafts((draft(citations=(first,)), draft(citations=(other,)), draft(citations=(other, first))))
    fine = DraftVerdict(passes=True, confidence=0.8)
    verdicts = Verdicts((fine, DraftVerdict(passes=False, confidence=0.8), fine))
    shown = recommendations_answer(passing(drafts, verdicts), "en")
    assert "[2] [1]" in shown.text
    kept = as_numbered(drafts, verdicts, shown)
    assert [[one.marker for one in item.citations] for item, _ in kept] == [[1], [None], [2, 1]]
    assert [verdict for _, verdict in kept] == list(verdicts.items)
    assert [one.chunk_id for one in kept[2][0].citations] == ["t", "i"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_when_nothing_passes_it_is_said_and_a_person_offered(language: str) -> None:
    refused = Verdicts((DraftVerdict(passes=False, faults=("no_ground",), confidence=0.9),))
    answer = recommendations_answer(passing(Drafts((draft(),)), refused), language)
    assert (answer.text, answer.is_answered) == (phrase("recommendations.none", language), False)


def test_ids_repeat_with_the_turn() -> None:
    assert recommendation_id("t", 1) == recommendation_id("t", 1) != recommendation_id("t", 2)
