"""Prompts, answer schemas and prices: the parts of a call that are values."""

import json
import re
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel

from core.prices import price_cents
from graph.answers import AlertAnswer, DiagnosisAnswer, NudgeAnswer
from graph.budgets import approximate_tokens, estimate
from graph.prompting import load_prompt, parse_prompt
from graph.schemas import Dialect, answer_schema

ANSWERS: dict[str, type[BaseModel]] = {"diagnose": DiagnosisAnswer, "coach": NudgeAnswer, "alert": AlertAnswer}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_example_is_a_valid_answer(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.node == name
    assert prompt.examples
    for _, answer in prompt.examples:
        ANSWERS[name].model_validate(answer)


@pytest.mark.parametrize("name", ANSWERS)
def test_messages_alternate_and_end_with_the_data(name: str) -> None:
    messages = load_prompt(name).messages({"signal": "s"})
    kinds = [message.type for message in messages]
    assert kinds == ["system", *["human", "ai"] * len(load_prompt(name).examples), "human"]
    assert messages[-1].content == '<data>\n{"signal":"s"}\n</data>'


def test_a_version_follows_the_text() -> None:
    text = "---\nnode: diagnose\n---\nDo this.\n"
    first, second = parse_prompt(text), parse_prompt(text.replace("this", "that"))
    assert first.version != second.version
    assert re.fullmatch(r"diagnose-[0-9a-f]{8}", first.version)
    assert first.system == "Do this."


def test_an_example_needs_both_halves() -> None:
    with pytest.raises(ValueError, match="two JSON blocks"):
        parse_prompt("---\nnode: x\n---\nText\n## Example\n```json\n{}\n```\n")


def objects_of(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects_of(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") == "object" else []
    return here + [found for item in schema.values() for found in objects_of(item)]


@pytest.mark.parametrize("dialect", ["openai", "azure", "grammar"])
@pytest.mark.parametrize("model", ANSWERS.values())
def test_schemas_are_strict(model: type[BaseModel], dialect: Dialect) -> None:
    form = answer_schema(model, dialect)
    assert (form["name"], form["strict"]) == (model.__name__, True)
    objects = objects_of(form["schema"])
    assert objects
    for item in objects:
        assert item["additionalProperties"] is False
        assert set(item["required"]) == set(item["properties"])
    assert '"default"' not in json.dumps(form)


@pytest.mark.parametrize(
    ("dialect", "kept", "dropped"),
    [
        ("openai", ["maxItems", "minimum"], ["maxLength", "minLength"]),
        ("azure", [], ["maxLength", "minLength", "maxItems", "minimum", "maximum"]),
        ("grammar", ["maxLength", "maxItems", "minimum"], []),
    ],
)
def test_each_server_gets_the_keywords_it_accepts(dialect: Dialect, kept: list[str], dropped: list[str]) -> None:
    text = json.dumps(answer_schema(DiagnosisAnswer, dialect))
    assert all(f'"{word}"' in text for word in kept)
    assert not any(f'"{word}"' in text for word in dropped)
    assert ("at most 300 characters" in text) == ("maxLength" in dropped)


def strings_of(node: Any, root: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and node.get("type") == "string" and "enum" not in node else []
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return found + [item for value in values for item in strings_of(value, root)]


@pytest.mark.parametrize("model", ANSWERS.values())
def test_every_string_and_list_is_bounded(model: type[BaseModel]) -> None:
    schema = answer_schema(model, "grammar")["schema"]
    assert all("maxLength" in text for text in strings_of(schema, schema))
    assert json.dumps(schema).count('"array"') == json.dumps(schema).count('"maxItems"')


def test_prices_come_from_the_table() -> None:
    assert price_cents("openai", "gpt-4.1-mini", 1_000_000, 0) == pytest.approx(40)
    assert price_cents("openai", "gpt-4.1-mini", 0, 1_000_000) == pytest.approx(160)
    assert price_cents("openai", "gpt-4.1-mini", 1_000_000, 0, cached=1_000_000) == pytest.approx(10)
    assert price_cents("azure", "gpt-4.1-mini", 1000, 0) == pytest.approx(0.04)


@pytest.mark.parametrize(("provider", "model"), [("openai", "my-own-model"), ("local", "qwen"), ("nobody", "gpt-4.1")])
def test_an_unknown_price_is_none_and_reserves_nothing(provider: str, model: str) -> None:
    assert price_cents(provider, model, 1000, 1000) is None
    assert estimate(provider, model, [HumanMessage("hello")], 700).cents == 0


def test_an_estimate_counts_the_longest_answer() -> None:
    message = [HumanMessage("word " * 1000)]
    short, long = (estimate("openai", "gpt-4.1-mini", message, tokens).cents for tokens in (100, 700))
    assert long - short == pytest.approx(600 * 160 / 1_000_000)


def test_other_scripts_weigh_more() -> None:
    latin, arabic = (approximate_tokens([HumanMessage(text * 100)]) for text in ("abcd", "ابجد"))
    assert arabic == pytest.approx(2 * latin, rel=0.1)
