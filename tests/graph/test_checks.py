"""What a nudge may point to, link to and contain."""

from typing import Any

import pytest

from core.baselines import Baseline
from core.nudges import Diagnosis, NudgeAction, NudgeContent, NudgeType
from graph.checks import check_content, clean_text
from graph.facts import UserFacts
from graph.languages import is_written_in, known_tag, spoken
from graph.wording import compose
from tests.graph.builders import BASELINE, HELP_URL, make_case, make_event, make_signal, past_nudges

DIAGNOSIS = Diagnosis(
    stuck_point="connect-crm", inferred_reason="r", evidence=[], confidence_score=0.9, reason_class="validation"
)


def content(**changes: Any) -> NudgeContent:
    fields: dict[str, Any] = {
        "nudge_type": NudgeType.TOOLTIP,
        "target_element": "#crm-form",
        "title": "Copy the live key",
        "body": "It begins with crm_live_.",
        "language": "en",
    }
    return NudgeContent(**{**fields, **changes})


def test_a_good_nudge_stays_as_it_is() -> None:
    good = content(actions=[NudgeAction(label="Help", kind="link", url=HELP_URL)])
    checked = check_content(good, make_case(), DIAGNOSIS)
    assert (checked.content, checked.corrections) == (good, ())


@pytest.mark.parametrize("element", ["#invented", None, "body"])
def test_an_unknown_element_becomes_that_of_the_evidence(element: str | None) -> None:
    checked = check_content(content(target_element=element), make_case(), DIAGNOSIS)
    assert checked.content.target_element == "#crm-form"
    assert checked.corrections == ("target_element",)


@pytest.mark.parametrize("element", ["#crm-form", "#crm-api-key", "#other-button"])
def test_every_element_that_was_seen_will_do(element: str) -> None:
    case = make_case(events=(make_event(target_element="#other-button"),))
    assert check_content(content(target_element=element), case, DIAGNOSIS).content.target_element == element


def test_a_tooltip_without_any_element_becomes_a_message() -> None:
    case = make_case(make_signal(element=None), baseline=None)
    checked = check_content(content(), case, DIAGNOSIS)
    assert (checked.content.nudge_type, checked.content.target_element) == (NudgeType.CHAT, None)
    assert checked.corrections == ("nudge_type", "target_element")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (HELP_URL, True),
        ("/connect-crm", True),
        ("/report", True),
        ("/invented", False),
        ("https://evil.example/", False),
        (f"{HELP_URL}.evil.example", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("mailto:a@b.example", False),
        (None, False),
    ],
)
def test_links_are_never_invented(url: str | None, allowed: bool) -> None:
    action = NudgeAction(label="Go", kind="link", url=url)
    checked = check_content(content(actions=[action]), make_case(), DIAGNOSIS)
    assert checked.content.actions == ([action] if allowed else [])
    assert checked.corrections == (() if allowed else ("actions",))


def test_only_a_link_carries_a_url() -> None:
    action = NudgeAction(label="Go", kind="dismiss", url="https://evil.example/")
    checked = check_content(content(actions=[action]), make_case(), DIAGNOSIS)
    assert checked.content.actions == [NudgeAction(label="Go", kind="dismiss")]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Copy <b>this</b> key", "Copy this key"),
        ('<img src=x onerror="alert(1)">Hello', "Hello"),
        ("<script>alert(1)</script>Hi", "alert(1)Hi"),
        ("See [the guide](https://evil.example)", "See the guide"),
        ("![alt](javascript:x)", "alt"),
        ("**Bold** and `code`", "Bold and code"),
        ("# Title\ntext", "Title\ntext"),
        ("Go to https://evil.example/x now", "Go to now"),
        ("Go to javascript:alert(1) now", "Go to now"),
        ("www.evil.example", ""),
        (f"See {HELP_URL}.", f"See {HELP_URL}."),
        ("Write to anna@example.com", "Write to [email]"),
        ("- one\n- two", "- one\n- two"),
        ("3 < 5 and 7 > 5", "3 < 5 and 7 > 5"),
        ("snake_case and crm_live_ stay", "snake_case and crm_live_ stay"),
        (r"crm\_live\_ and 3 \* 4 \[sic\]", "crm_live_ and 3 * 4 [sic]"),
        (r"Go to https\://evil.example/x or \[log in\](https\://evil.example)", "Go to or log in"),
    ],
)
def test_texts_are_plain(text: str, clean: str) -> None:
    assert clean_text(text, frozenset({HELP_URL})) == clean


def test_nothing_left_takes_the_words_of_the_templates() -> None:
    case = make_case()
    checked = check_content(content(body="https://evil.example/"), case, DIAGNOSIS)
    assert (checked.content, checked.corrections) == (compose(case, "validation"), ("empty",))


@pytest.mark.parametrize(("language", "title"), [("ar", "Copy the live key"), ("en", "انسخ المفتاح من النظام")])
def test_another_language_takes_the_words_of_the_templates(language: str, title: str) -> None:
    case = make_case(user=UserFacts("u1", language))
    checked = check_content(content(title=title, body=title), case, DIAGNOSIS)
    assert (checked.content, checked.corrections) == (compose(case, "validation"), ("language",))


@pytest.mark.parametrize(
    ("body", "invented"),
    [
        ("An account number has 15 to 22 characters.", True),
        ("It costs 1,500 a month.", True),
        ("٢٥ حرفًا", True),
        ("Use 5,000 rows at most.", False),
        ("Use 5000 rows at most, as error 422 says.", False),
        ("Two fields and 3 clicks remain.", False),
    ],
)
def test_numbers_are_never_invented(body: str, invented: bool) -> None:
    step = BASELINE.steps[0].model_copy(update={"hint": "At most 5000 rows."})
    event = make_event(properties={"error": "422: too many", "hidden": "15 to 22"})
    case = make_case(
        baseline=Baseline(name="b", steps=(step,)), events=(event,), user=UserFacts("u1", "ar" if "ح" in body else "en")
    )
    checked = check_content(content(title=body[:30], body=body), case, DIAGNOSIS)
    assert ("invented" in checked.corrections) is invented


@pytest.mark.parametrize(
    ("body", "url", "corrections"),
    [
        ("If you need help, click the link.", "https://evil.example", ("dangling",)),
        ("If you need help, click the link.", None, ("dangling",)),
        ("If you need help, click the link.", HELP_URL, ()),
        ("Your account is not linked yet.", "https://evil.example", ("actions",)),
    ],
)
def test_a_body_speaks_of_no_link_that_is_not_there(body: str, url: str | None, corrections: tuple[str, ...]) -> None:
    action = NudgeAction(label="Go", kind="link" if url else "dismiss", url=url)
    assert check_content(content(body=body, actions=[action]), make_case(), DIAGNOSIS).corrections == corrections


def test_a_title_is_not_repeated() -> None:
    case = make_case(past_nudges=past_nudges(1))
    checked = check_content(content(title="TIP 0"), case, DIAGNOSIS)
    assert (checked.content, checked.corrections) == (compose(case, "validation"), ("repeated",))


def test_a_button_in_another_language_or_without_a_label_goes() -> None:
    case = make_case(user=UserFacts("u1", "ar"))
    actions = [NudgeAction(label=label, kind="dismiss") for label in ("Got it", "فهمت", "<b></b>")]
    checked = check_content(content(title="انسخ المفتاح", body="يبدأ بـ crm_live_", actions=actions), case, DIAGNOSIS)
    assert [action.label for action in checked.content.actions] == ["فهمت"]
    assert checked.corrections == ("actions", "language")
    assert checked.content.language == "ar"


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        ("Copy the key", "en", True),
        ("Copy the key", "ar", False),
        ("انسخ المفتاح من CRM", "ar-EG", True),
        ("انسخ المفتاح", "en", False),
        ("انسخ المفتاح", "ja", True),
        ("Schlüssel kopieren", "de", True),
        ("123 !", "ar", True),
    ],
)
def test_scripts_tell_languages_apart(text: str, tag: str, expected: bool) -> None:
    assert is_written_in(text, tag) is expected


def test_english_is_spoken_when_nothing_else_is() -> None:
    assert spoken("fr", None) == "en"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("ar", "ar"),
        ("AR_EG", "ar-EG"),
        (" en-US ", "en-US"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("english", None),
        ("e", None),
        ("", None),
        (None, None),
        ("en-<b>", None),
        ("en" + "-aa" * 9, None),
    ],
)
def test_only_language_tags_are_taken_for_such(tag: str | None, expected: str | None) -> None:
    assert known_tag(tag) == expected
    case = make_case(user=UserFacts("u1", tag))
    assert case.language == (expected or "en")
    compose(case, "validation")
