"""The rules reasoner: what each signal says, and the words and forms that follow, in both languages."""

import re
from itertools import pairwise
from typing import Any

import pytest

from core.baselines import Baseline, BaselineStep
from core.config import CompanyConfig, Tone
from core.nudges import NudgeType
from core.turns import SignalKind
from graph.answers import ReasonClass
from graph.case import Case
from graph.facts import UserFacts
from graph.reasoners.rules import diagnose_signal, word_alert
from graph.wording import _templates, compose, language_of, person_was_told, template_version
from tests.graph.builders import BASELINE, HELP_URL, make_case, make_event, make_signal, past_nudges

PROOF: dict[SignalKind, tuple[str, int, str, float]] = {
    SignalKind.VALIDATION_LOOP: ("submit_failed", 3, "validation", 0.89),
    SignalKind.ERROR_CLICK: ("error_click", 2, "product_error", 0.84),
    SignalKind.EXPLICIT_STUCK: ("help_click", 1, "asked_for_help", 0.80),
    SignalKind.RAGE_CLICK: ("rage_click", 1, "unresponsive_control", 0.78),
    SignalKind.DEAD_CLICK: ("dead_click", 2, "dead_control", 0.74),
    SignalKind.PAGE_LOOP: ("page_view", 3, "lost", 0.74),
    SignalKind.FORM_ABANDONMENT: ("change", 1, "form_abandoned", 0.66),
    SignalKind.BASELINE_DEVIATION: ("page_view", 1, "slow_step", 0.65),
    SignalKind.INACTIVITY: ("page_view", 1, "paused", 0.62),
}
"""Kind → an event that proves it, how many by default, and the class and confidence that follow."""

ARABIC = re.compile(r"[\u0600-\u06ff]")


def case_of(kind: SignalKind, language: str = "en", **changes: Any) -> Case:
    event_type, count, _, _ = PROOF[kind]
    signal = make_signal(kind, event_type=event_type, count=count)
    return make_case(signal, user=UserFacts("u1", language), **changes)


def test_the_table_names_every_kind() -> None:
    assert set(PROOF) == set(SignalKind)


@pytest.mark.parametrize("kind", PROOF)
def test_a_signal_is_diagnosed(kind: SignalKind) -> None:
    event_type, count, reason_class, confidence = PROOF[kind]
    diagnosis = diagnose_signal(case_of(kind))
    assert (diagnosis.reason_class, diagnosis.confidence_score) == (reason_class, confidence)
    assert diagnosis.confidence_score >= CompanyConfig().confidence_threshold
    assert "“Connect your CRM”" in diagnosis.inferred_reason
    times = f"{count} × " if count > 1 else ""
    assert diagnosis.evidence == [f"{times}{event_type} on #crm-form at /connect-crm"]


@pytest.mark.parametrize(
    ("event_type", "reason_class", "confidence"),
    [
        ("help_click", "asked_for_help", 0.80),
        ("error_encountered", "product_error", 0.80),
        ("cancel_click", "other", 0.64),
        ("back_click", "lost", 0.62),
        ("gave_up", "asked_for_help", 0.80),
    ],
)
def test_explicit_signals_differ_by_their_event(event_type: str, reason_class: str, confidence: float) -> None:
    diagnosis = diagnose_signal(make_case(make_signal(SignalKind.EXPLICIT_STUCK, event_type=event_type, count=1)))
    assert (diagnosis.reason_class, diagnosis.confidence_score) == (reason_class, confidence)


def test_leaving_the_path_is_another_class_than_being_slow() -> None:
    signal = make_signal(SignalKind.BASELINE_DEVIATION, measures={"steps_off_path": 4})
    assert diagnose_signal(make_case(signal)).reason_class == "off_path"


@pytest.mark.parametrize(
    ("status", "reason_class"),
    [(400, "validation"), (409, "validation"), (422, "validation"), (429, "product_error"), (503, "product_error")],
)
def test_a_refused_entry_is_not_an_outage(status: int, reason_class: str) -> None:
    signal = make_signal(SignalKind.ERROR_CLICK, event_type="error_click", count=1, measures={"status": status})
    assert diagnose_signal(make_case(signal)).reason_class == reason_class


@pytest.mark.parametrize(
    ("kind", "event_type", "measures", "element"),
    [
        (SignalKind.EXPLICIT_STUCK, "back_click", {}, "#crm-api-key"),
        (SignalKind.EXPLICIT_STUCK, "cancel_click", {}, "#crm-api-key"),
        (SignalKind.EXPLICIT_STUCK, "help_click", {}, "#crm-api-key"),
        (SignalKind.EXPLICIT_STUCK, "error_encountered", {}, "#clicked"),
        (SignalKind.ERROR_CLICK, "error_click", {"status": 422}, "#crm-api-key"),
        (SignalKind.ERROR_CLICK, "error_click", {"status": 503}, "#clicked"),
        (SignalKind.DEAD_CLICK, "dead_click", {}, "#clicked"),
    ],
)
def test_a_tip_stands_where_the_trouble_is_not_at_the_way_out(
    kind: SignalKind, event_type: str, measures: dict[str, Any], element: str
) -> None:
    case = make_case(make_signal(kind, event_type=event_type, count=1, element="#clicked", measures=measures))
    assert compose(case, "other").target_element == element
    assert {"#clicked", "#crm-api-key"} <= case.seen_elements


def test_without_a_step_a_tip_stands_at_the_click() -> None:
    signal = make_signal(SignalKind.EXPLICIT_STUCK, event_type="back_click", count=1, element="#clicked")
    assert compose(make_case(signal, baseline=None), "lost").target_element == "#clicked"


def test_more_evidence_raises_confidence_up_to_a_limit() -> None:
    scores = [diagnose_signal(make_case(make_signal(count=count))).confidence_score for count in range(1, 20)]
    assert all(earlier <= later for earlier, later in pairwise(scores))
    assert scores[-1] == 0.95


def test_evidence_names_what_was_measured_and_holds_no_personal_data() -> None:
    signal = make_signal(
        element="[title='anna@example.com']", measures={"idle_seconds": 130, "note": "call +49 30 901820", "none": None}
    )
    evidence = diagnose_signal(make_case(signal)).evidence
    assert evidence[1:] == ["idle seconds: 130", "note: call [phone]"]
    assert "anna@example.com" not in str(evidence)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", PROOF)
def test_three_nudges_say_three_things(kind: SignalKind, language: str) -> None:
    nudges = [
        compose(case, diagnose_signal(case).reason_class)
        for case in (case_of(kind, language, past_nudges=past_nudges(tries)) for tries in range(3))
    ]
    assert len({nudge.title for nudge in nudges}) == 3
    assert len({nudge.body for nudge in nudges}) == 3
    for nudge in nudges:
        assert nudge.language == language
        assert bool(ARABIC.search(nudge.title)) == (language == "ar")
        assert "{" not in nudge.title + nudge.body
    assert [action.kind for action in nudges[0].actions] == ["link", "dismiss"]
    assert [action.kind for action in nudges[1].actions] == ["link", "chat", "snooze"]
    assert nudges[2].actions[0].url == HELP_URL


@pytest.mark.parametrize("language", ["en", "ar"])
def test_there_are_words_for_every_class(language: str) -> None:
    classes = _templates(language)["classes"]
    assert set(classes) == set(ReasonClass.__args__)  # type: ignore[attr-defined]
    for wordings in classes.values():
        assert [set(wording) for wording in wordings] == [{"title", "lead", "plain"}] * 3
        assert all(len(wording["title"]) <= 80 for wording in wordings)


def test_both_languages_have_the_same_words() -> None:
    english, arabic = _templates("en"), _templates("ar")
    assert english.keys() == arabic.keys()
    assert english["actions"].keys() == arabic["actions"].keys()
    assert english["classes"].keys() == arabic["classes"].keys()
    assert all(len(label) <= 40 for words in (english, arabic) for label in words["actions"].values())


def test_the_first_nudge_points_at_the_element_and_gives_the_hint() -> None:
    nudge = compose(case_of(SignalKind.VALIDATION_LOOP), "validation")
    assert (nudge.nudge_type, nudge.target_element) == (NudgeType.TOOLTIP, "#crm-form")
    assert nudge.body.endswith("Copy the live key from your CRM. It begins with crm_live_.")


def test_a_hint_in_another_language_is_left_out() -> None:
    nudge = compose(case_of(SignalKind.VALIDATION_LOOP, "ar"), "validation")
    assert "crm_live" not in nudge.body
    arabic_step = BASELINE.steps[0].model_copy(update={"hint": "انسخ المفتاح من نظام CRM."})
    case = case_of(SignalKind.VALIDATION_LOOP, "ar", baseline=Baseline(name="b", steps=(arabic_step,)))
    assert "انسخ المفتاح" in compose(case, "validation").body


def test_forms_change_from_nudge_to_nudge() -> None:
    first = compose(case_of(SignalKind.RAGE_CLICK), "unresponsive_control")
    second = compose(case_of(SignalKind.RAGE_CLICK, past_nudges=past_nudges(1)), "unresponsive_control")
    seen = (*past_nudges(1), *past_nudges(1, form=NudgeType.CHAT))
    third = compose(case_of(SignalKind.RAGE_CLICK, past_nudges=seen), "unresponsive_control")
    assert [nudge.nudge_type for nudge in (first, second, third)] == [
        NudgeType.TOOLTIP,
        NudgeType.CHAT,
        NudgeType.CHECKLIST,
    ]
    assert second.target_element is None
    assert third.body.splitlines()[1:] == ["- Copy the live key from your CRM.", "- It begins with crm_live_."]


def test_all_forms_seen_begin_anew() -> None:
    seen = tuple(nudge for form in list(NudgeType)[:3] for nudge in past_nudges(1, form=form))
    assert compose(case_of(SignalKind.RAGE_CLICK, past_nudges=seen), "other").nudge_type is NudgeType.TOOLTIP


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (SignalKind.BASELINE_DEVIATION, 1, NudgeType.CHECKLIST),
        (SignalKind.INACTIVITY, 2, NudgeType.CHECKLIST),
        (SignalKind.FORM_ABANDONMENT, 2, NudgeType.CHECKLIST),
        (SignalKind.INACTIVITY, 1, NudgeType.TOOLTIP),
        (SignalKind.RAGE_CLICK, 2, NudgeType.TOOLTIP),
    ],
)
def test_who_is_slow_on_several_fields_gets_a_list(kind: SignalKind, fields: int, expected: NudgeType) -> None:
    events = tuple(make_event("change", n, target_element=f"#field-{n}") for n in range(fields))
    signal = make_signal(kind, event_type="page_view", count=1)
    assert compose(make_case(signal, events=events), "paused").nudge_type is expected


def test_without_an_element_or_a_baseline_it_is_a_message() -> None:
    signal = make_signal(element=None, stuck_point="/somewhere", page_url="https://app.example/somewhere")
    case = make_case(signal, baseline=None)
    nudge = compose(case, "lost")
    assert (nudge.nudge_type, nudge.target_element) == (NudgeType.CHAT, None)
    assert "this step" in nudge.body
    assert [action.kind for action in nudge.actions] == ["dismiss"]


def test_an_unknown_class_takes_the_general_words() -> None:
    case = case_of(SignalKind.RAGE_CLICK)
    assert compose(case, "something new") == compose(case, "other")


@pytest.mark.parametrize(
    ("user", "company", "expected"),
    [
        ("ar-EG", "en", "ar-EG"),
        ("de", "ar", "ar"),
        (None, "ar", "ar"),
        ("de", "fr", "en"),
        (None, "en", "en"),
    ],
)
def test_the_language_is_the_users_then_the_companys_then_english(
    user: str | None, company: str, expected: str
) -> None:
    config = CompanyConfig(tone=Tone(language=company))
    assert language_of(make_case(config=config, user=UserFacts("u1", user))) == expected


def test_longest_texts_still_fit() -> None:
    step = BaselineStep(
        key="connect-crm", title="T" * 120, url_pattern="/connect-crm", hint="word. " * 66, help_url="/help"
    )
    for tries in range(4):
        case = case_of(SignalKind.PAGE_LOOP, baseline=Baseline(name="b", steps=(step,)), past_nudges=past_nudges(tries))
        assert len(compose(case, "lost").body) <= 600
        assert len(person_was_told(case).body) <= 600
        assert len(word_alert(case, diagnose_signal(case)).headline) <= 120


@pytest.mark.parametrize(("language", "word"), [("en", "Our team"), ("ar", "فريقنا")])
def test_the_user_hears_that_a_person_was_told(language: str, word: str) -> None:
    told = person_was_told(case_of(SignalKind.RAGE_CLICK, language))
    assert word in told.body
    assert told.nudge_type is NudgeType.CHAT


def test_versions_follow_the_text() -> None:
    assert template_version("en") != template_version("ar")
    assert re.fullmatch(r"templates-en-[0-9a-f]{8}", template_version("en"))


@pytest.mark.parametrize(("tries", "words"), [(0, "0 nudges"), (1, "1 nudge "), (3, "3 nudges")])
def test_an_alert_says_how_much_was_tried(tries: int, words: str) -> None:
    case = case_of(SignalKind.RAGE_CLICK, past_nudges=past_nudges(tries))
    draft = word_alert(case, diagnose_signal(case))
    assert words in draft.headline
    assert "crm_live_" in draft.suggestion
