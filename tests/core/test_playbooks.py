"""Playbooks: the shipped ones, the table of stages, open questions, each fault of a definition named by its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from core.playbooks import (
    Limits,
    Playbook,
    Question,
    Stage,
    decide_advance,
    in_language,
    known_names,
    parse_playbook,
    shipped,
)

SALES_TRANSITIONS = {
    "greeting": ("qualifying",),
    "qualifying": ("needs_analysis",),
    "needs_analysis": ("solution", "qualifying"),
    "solution": ("company_details", "needs_analysis"),
    "company_details": ("quoting", "solution"),
    "quoting": ("closing", "solution"),
    "closing": (),
}
SALES = shipped()["sales"].playbook
ONBOARDING = shipped()["onboarding"].playbook


def definition(**changes: Any) -> dict[str, Any]:
    """Return a small valid definition with changes."""
    values: dict[str, Any] = {
        "name": "ours",
        "title": "Ours",
        "persona": "You are ours.",
        "tone": "Plain.",
        "greeting": {"en": "Hi"},
        "first_stage": "open",
        "stages": {"open": {"title": "Open", "next": ["done"]}, "done": {"title": "Done"}},
    }
    return {**values, **changes}


def places(data: Any) -> dict[str, str]:
    """Return the faults of a definition by their places."""
    with pytest.raises(ValidationError) as refusal:
        parse_playbook(data)
    return {".".join(map(str, fault["loc"])): fault["msg"] for fault in refusal.value.errors()}


def test_three_are_shipped_each_with_a_version_of_its_content() -> None:
    assert set(shipped()) == {"onboarding", "support", "sales"}
    assert all(one.version.startswith(f"{name}-") for name, one in shipped().items())
    assert {one.playbook.name for one in shipped().values()} == set(shipped())


def test_sales_goes_through_its_stages_as_designed() -> None:
    assert {key: stage.next for key, stage in SALES.stages.items()} == SALES_TRANSITIONS
    assert SALES.first_stage == "greeting"


def test_sales_names_no_product_before_the_needs_are_known() -> None:
    early = ("greeting", "qualifying", "needs_analysis")
    assert not {"search_products", "get_stock"} & {tool for key in early for tool in SALES.stages[key].tools or ()}
    assert {"search_products", "get_stock"} <= set(SALES.stages["solution"].tools or ())


@pytest.mark.parametrize("stage", SALES_TRANSITIONS)
@pytest.mark.parametrize("to", [*SALES_TRANSITIONS, "elsewhere"])
def test_the_table_decides_every_move(stage: str, to: str) -> None:
    move = decide_advance(SALES, stage, to)
    if to == "elsewhere":
        assert (move.allowed, move.stage, move.code) == (False, stage, "unknown_stage")
    elif to == stage:
        assert (move.allowed, move.stage, move.code) == (True, stage, "already_there")
    elif to in SALES_TRANSITIONS[stage]:
        assert (move.allowed, move.stage, move.code) == (True, to, "advanced")
    else:
        assert (move.allowed, move.stage, move.code) == (False, stage, "illegal_transition")


def test_a_stage_that_a_newer_version_lost_counts_as_the_first() -> None:
    assert SALES.known_stage("lost") == SALES.known_stage(None) == "greeting"
    assert decide_advance(SALES, "lost", "qualifying").allowed


@pytest.mark.parametrize("name", ["onboarding", "support", "sales"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_shipped_ones_have_all_texts_in_both_languages(name: str, language: str) -> None:
    playbook = shipped()[name].playbook
    texts = [playbook.greeting]
    texts += [item.text for stage in playbook.stages.values() for item in stage.questions]
    texts += [choice for stage in playbook.stages.values() for item in stage.questions for choice in item.choices]
    assert all(language in text for text in texts)


@pytest.mark.parametrize(
    ("stage", "known", "language", "names"),
    [
        ("profile", {}, "en", ["role", "team_size", "industry"]),
        ("profile", {"role": "x"}, "en", ["team_size", "industry"]),
        ("profile", {"job_title": "x", "company_size": 4}, "en", ["industry"]),
        ("profile", {"role": " ", "team_size": None, "industry": []}, "en", ["role", "team_size", "industry"]),
        ("recommending", {}, "en", []),
        ("lost", {"role": "x"}, "ar", ["team_size", "industry"]),
    ],
)
def test_open_questions(stage: str, known: dict[str, Any], language: str, names: list[str]) -> None:
    items = {item.name: item for one in ONBOARDING.stages.values() for item in one.questions}
    expected = tuple(items[name].wording(language) for name in names)
    assert ONBOARDING.open_questions(stage, known, language) == expected


def test_choices_are_shown_with_their_question() -> None:
    question = ONBOARDING.stages["tools"].questions[1]
    assert question.wording("en") == "Do you have data to bring along? (Yes, as a file / Yes, in another tool / No)"
    assert question.wording("ar-SA").endswith("(نعم في ملف / نعم في أداة أخرى / لا)")


@pytest.mark.parametrize(
    ("text", "language", "result"),
    [
        ({"en": "a", "ar": "b"}, "ar-EG", "b"),
        ({"en": "a", "ar": "b"}, "AR", "b"),
        ({"en": "a"}, "ar", "a"),
        ({"de": "c"}, "ar", "c"),
        ({"en": "a"}, None, "a"),
    ],
)
def test_texts_fall_back(text: dict[str, str], language: str | None, result: str) -> None:
    assert in_language(text, language) == result


def test_only_what_says_something_is_known() -> None:
    assert known_names({"a": "x", "b": "", "c": None, "d": 0, "e": False, "f": {}, "g": (), "h": "  "}) == {
        "a",
        "d",
        "e",
    }


def test_a_definition_comes_back_as_it_was() -> None:
    for one in shipped().values():
        assert parse_playbook(one.playbook.model_dump(mode="json")) == one.playbook


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": "Ours!"}, "name"),
        ({"invented": 1}, "invented"),
        ({"persona": " "}, "persona"),
        ({"tone": "x" * 2001}, "tone"),
        ({"greeting": {}}, "greeting"),
        ({"greeting": {"fr": "Salut"}}, "greeting"),
        ({"languages": []}, "languages"),
        ({"languages": ["english"]}, "languages.0"),
        ({"first_stage": "nowhere"}, "first_stage"),
        ({"stages": {}}, "stages"),
        ({"stages": {"open": {"title": "Open", "next": ["nowhere"]}}}, "stages.open.next.0"),
        ({"stages": {"open": {"title": "Open"}, "island": {"title": "Island"}}}, "stages.island"),
        ({"stages": {"open": {"title": "Open", "tools": ["drill"]}}}, "stages.open.tools.0"),
        ({"stages": {"open": {"title": "Open", "rules": [""]}}}, "stages.open.rules.0"),
        ({"stages": {"open": {"title": "Open", "rules": ["x"] * 21}}}, "stages.open.rules"),
        ({"limits": {"tool_rounds": 11}}, "limits.tool_rounds"),
        ({"limits": {"debounce_ms": -1}}, "limits.debounce_ms"),
        ({"limits": {"unheard_of": 1}}, "limits.unheard_of"),
    ],
)
def test_each_fault_is_named_by_its_place(changes: dict[str, Any], place: str) -> None:
    assert place in places(definition(**changes))


def test_all_faults_are_named_at_once() -> None:
    stages = {
        "open": {
            "title": "Open",
            "next": ["gone"],
            "tools": ["drill"],
            "questions": [
                {"name": "role", "text": {"en": "Who?"}},
                {"name": "role", "text": {"fr": "Qui ?"}, "choices": [{"de": "Ich"}]},
                {"name": "size", "text": {"en": "How?"}, "accepts": "choices", "also": {"Big": ["large"]}},
            ],
        },
        "island": {"title": "Island"},
    }
    assert set(places(definition(stages=stages))) == {
        "stages.open.next.0",
        "stages.open.tools.0",
        "stages.open.questions.1.name",
        "stages.open.questions.1.text",
        "stages.open.questions.1.choices.0",
        "stages.open.questions.2.accepts",
        "stages.open.questions.2.also.Big",
        "stages.island",
    }
    assert places(definition(suggestions=[{"text": {"fr": "Qui ?"}}])).keys() == {"suggestions.0.text"}
    assert places(definition(suggestions=[{"text": {"en": "Who?"}, "page": "contacts"}])).keys() == {
        "suggestions.0.page"
    }


def test_wrong_fields_hide_no_fault_of_the_whole() -> None:
    question = {"name": "role", "text": {"fr": "Qui ?"}}
    stages = {
        "open": {"next": ["gone", 7], "tools": ["drill"], "questions": [question, question]},
        "odd": {"title": "Odd", "rules": [""], "next": "open", "questions": [{}]},
        "Bad Name": {"title": "Bad", "next": ["lost"]},
        "text": "no stage",
        "island": {"title": "Island"},
    }
    wrong = definition(persona=" ", stages=stages, surprise=1, suggestions=[{"text": {"fr": "Qui ?"}}])
    assert set(places(wrong)) == {
        "persona",
        "surprise",
        "suggestions.0.text",
        "stages.open.title",
        "stages.open.next.0",
        "stages.open.next.1",
        "stages.open.tools.0",
        "stages.open.questions.0.text",
        "stages.open.questions.1.name",
        "stages.open.questions.1.text",
        "stages.odd.rules.0",
        "stages.odd.next",
        "stages.odd.questions.0.name",
        "stages.odd.questions.0.text",
        "stages.Bad Name.[key]",
        "stages.Bad Name.next.0",
        "stages.Bad Name",
        "stages.text",
        "stages.odd",
        "stages.island",
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"first_stage": "", "stages": {"open": {"title": "Open"}, "island": {"title": "Island"}}}, {"first_stage"}),
        ({"languages": ["english"], "greeting": {"fr": "Salut"}}, {"languages", "languages.0"}),
        ({"tools": "drill", "stages": {"open": {"title": "Open", "tools": ["drill"]}}}, {"tools"}),
        ({"greeting": {"xx1": "Hi"}}, {"greeting.xx1.[key]"}),
        ({"persona": "", "stages": []}, {"persona", "stages"}),
    ],
)
def test_what_cannot_be_read_is_one_fault_and_not_many(changes: dict[str, Any], named: set[str]) -> None:
    assert set(places(definition(**changes))) == named


@pytest.mark.parametrize("data", [None, [], "playbook", 7, {}])
def test_what_is_no_definition_is_refused(data: Any) -> None:
    assert places(data)


def test_a_playbook_cannot_be_changed() -> None:
    playbook = Playbook.model_validate(definition())
    with pytest.raises(ValidationError):
        playbook.title = "Theirs"  # type: ignore[misc]
    with pytest.raises(TypeError):
        shipped()["ours"] = shipped()["sales"]  # type: ignore[index]


DOCUMENT = (Path(__file__).parents[2] / "docs" / "playbooks.md").read_text(encoding="utf-8")


def test_the_documented_example_is_a_playbook() -> None:
    example = DOCUMENT.split("```yaml\n")[1].split("```")[0]
    assert parse_playbook(yaml.safe_load(example)).name == "returns"


@pytest.mark.parametrize("model", [Playbook, Stage, Question, Limits])
def test_every_field_is_documented(model: Any) -> None:
    assert [name for name in model.model_fields if f"| `{name}` |" not in DOCUMENT] == []


def test_at_most_four_questions_are_suggested_and_none_twice() -> None:
    texts = [{"text": {"en": f"Question {number}?"}} for number in (1, 2, 2, 3, 4)]
    own = {"text": {"en": "Question 5?"}, "page": "/a/"}
    playbook = Playbook.model_validate(definition(suggestions=[*texts, own]))
    assert playbook.suggested("en", "/a/b") == ("Question 5?", "Question 1?", "Question 2?", "Question 3?")
    assert playbook.suggested("ar", None) == ("Question 1?", "Question 2?", "Question 3?", "Question 4?")
