"""Fixed words: the same keys and values in every language, and times and amounts that read as people say them."""

import ast
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import graph.phrases
from graph.languages import SPOKEN, is_written_in
from graph.phrases import counted, duration, ends_in, moment, phrase, tongue

FILES = {
    path.stem: yaml.safe_load(path.read_bytes()) for path in Path(graph.phrases.__file__).parent.glob("phrase_files/*")
}
ROOT = Path(__file__).parents[2]
READERS = ("graph", "stream_consumer")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)  # a Saturday
VALUES = {
    "product": "Fieldbook", "duration": "30 min", "expected": "noon", "agent": "Mia", "ticket": "T1", "limit": 4000,
    "question": "Who?", "place": "X", "number": 1, "title": "T", "summary": "S", "goal": "G", "tools": "X",
    "time": "9", "weekday": "D", "date": "2", "tongue": "English", "count": 3, "url": "/x", "answer": "A", "line": "L",
}  # fmt: skip


def placeholders(value: Any) -> set[str]:
    texts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def texts() -> list[tuple[str, str]]:
    return [
        (language, key) for language, words in FILES.items() for key, text in words.items() if isinstance(text, str)
    ]


def test_there_is_a_file_for_each_language_that_is_spoken() -> None:
    assert set(FILES) == set(SPOKEN)


@pytest.mark.parametrize("language", SPOKEN)
def test_every_language_says_the_same_things(language: str) -> None:
    assert {key: placeholders(text) for key, text in FILES[language].items() if key != "tongues"} == {
        key: placeholders(text) for key, text in FILES["en"].items() if key != "tongues"
    }
    assert set(FILES[language]["tongues"]) == set(FILES["en"]["tongues"])


def keys_read() -> tuple[set[str], list[str]]:
    """Return every text in the code that may be a key, and patterns of keys that are put together where read."""
    plain: set[str] = set()
    made: list[str] = []
    for path in (path for folder in READERS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                plain.add(node.value)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("phrase", "counted"):
                made += [pattern_of(part) for part in node.args[:1] if isinstance(part, ast.JoinedStr)]
    return plain, made


def pattern_of(text: ast.JoinedStr) -> str:
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_.]+" for part in text.values)


def test_every_text_is_read_somewhere() -> None:
    plain, made = keys_read()
    unread = [key for key in FILES["en"] if key not in plain | {"tongues"}]
    assert [key for key in unread if not any(re.fullmatch(pattern, key) for pattern in made)] == []


@pytest.mark.parametrize(("language", "key"), texts())
def test_every_text_can_be_filled_and_is_in_its_language(language: str, key: str) -> None:
    said = phrase(key, language, **VALUES)
    assert "{" not in said
    assert is_written_in(phrase(key, language, **dict.fromkeys(VALUES, "")), language)


@pytest.mark.parametrize("language", ["ar", "ar-EG", "AR"])
def test_a_region_does_not_change_the_words(language: str) -> None:
    assert phrase("greeting", language) == FILES["ar"]["greeting"]


@pytest.mark.parametrize("language", [None, "", "fr", "zz-ZZ"])
def test_a_language_without_words_is_spoken_to_in_english(language: str | None) -> None:
    assert phrase("greeting", language) == FILES["en"]["greeting"]


def test_a_rule_that_nobody_worded_takes_the_general_words() -> None:
    assert phrase("refuse.unheard_of", "en", product="X") == phrase("refuse.default", "en", product="X")


def test_a_key_that_is_none_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        phrase("nothing.of.the.kind", "en")


def test_values_are_not_read_as_templates() -> None:
    assert phrase("question.next", "en", question="{evil} {0}") == "Thank you. {evil} {0}"


def test_a_product_without_a_name_is_called_so_in_each_language() -> None:
    assert "المنتج" in phrase("what_can_you_do", "ar", product="the product")
    assert "Fieldbook" in phrase("what_can_you_do", "ar", product="Fieldbook")


@pytest.mark.parametrize(
    ("minutes", "en", "ar"),
    [
        (0, "a minute", "دقيقة"),
        (1, "a minute", "دقيقة"),
        (2, "2 minutes", "دقيقتين"),
        (5, "5 minutes", "5 دقائق"),
        (30, "30 minutes", "30 دقيقة"),
        (60, "an hour", "ساعة"),
        (90, "90 minutes", "90 دقيقة"),
        (120, "2 hours", "ساعتين"),
        (121, "3 hours", "3 ساعات"),
        (1440, "a day", "يوم"),
        (2880, "2 days", "يومين"),
        (2881, "3 days", "3 أيام"),
        (10080, "7 days", "7 أيام"),
    ],
)
def test_durations(minutes: int, en: str, ar: str) -> None:
    assert (duration(minutes, "en"), duration(minutes, "ar")) == (en, ar)


@pytest.mark.parametrize(("count", "form"), [(103, "103 دقائق"), (111, "111 دقيقة"), (100, "100 دقيقة")])
def test_arabic_plurals_go_by_the_last_two_digits(count: int, form: str) -> None:
    assert counted("duration.minutes", count, "ar") == form


@pytest.mark.parametrize(
    ("at", "zone", "en"),
    [
        (NOW + timedelta(hours=4, minutes=30), "UTC", "14:30 (UTC) today"),
        (NOW + timedelta(hours=14), "UTC", "00:00 (UTC) tomorrow"),
        (NOW + timedelta(hours=12), "Asia/Tokyo", "07:00 (JST) tomorrow"),
        (NOW + timedelta(days=2), "Europe/Berlin", "11:00 (CET) on Monday"),
        (NOW + timedelta(days=9), "UTC", "10:00 (UTC) on 2026-11-30"),
        (NOW + timedelta(hours=1), "America/Sao_Paulo", "08:00 (UTC-0300) today"),
        (NOW - timedelta(days=1), "UTC", "10:00 (UTC) on 2026-11-20"),
    ],
)
def test_moments(at: datetime, zone: str, en: str) -> None:
    assert moment(at, NOW, zone, "en") == en


def test_moments_in_arabic() -> None:
    assert moment(NOW + timedelta(days=2), NOW, "UTC", "ar") == "10:00 (UTC) يوم الاثنين"


@pytest.mark.parametrize(
    ("tag", "language", "name"),
    [("en", "ar", "بالإنجليزية"), ("fr-CA", "en", "French"), ("xx", "en", "another language")],
)
def test_tongues(tag: str, language: str, name: str) -> None:
    assert tongue(tag, language) == name


@pytest.mark.parametrize("language", SPOKEN)
def test_the_agents_own_fixed_words_are_known_again(language: str) -> None:
    said = f"Something before. {phrase('unanswerable', language)} "
    assert ends_in(said, "withheld", "unanswerable")
    assert not ends_in(f"{said} And more.", "unanswerable")
