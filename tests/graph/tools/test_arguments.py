"""Arguments as models write them: anything."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.tools.arguments import MAX_BYTES, MAX_NODES, check, parse
from graph.tools.contracts import Refused
from graph.tools.schemas import MAX_STEPS, TooCostly, faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("  \n", {}),
        ("null", {}),
        ("{}", {}),
        ('{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
        ('{"a": "one\\u0000two\\u001b[31m\\u202e\\ud800"}', {"a": "onetwo[31m\ufffd"}),
        ('{"\\u200bname": 1}', {"name": 1}),
        ('{"a": "سلام\\u200cها 👨\\u200d👩\\n\\tx"}', {"a": "سلام\u200cها 👨\u200d👩\n\tx"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"n": 9223372036854775807}', {"n": 2**63 - 1}),
    ],
)
def test_what_can_be_read(text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("city=Riyadh", "not valid JSON"),
        ("{'a': 1}", "not valid JSON"),
        ('{"a": 1', "not valid JSON"),
        ('{"a": NaN}', "not valid JSON"),
        ('{"a": -Infinity}', "not valid JSON"),
        ("[" * 4000, "not valid JSON"),
        ('{"n": ' + "9" * 5000 + "}", "not valid JSON"),
        ("[1]", "one JSON object"),
        ('"{}"', "one JSON object"),
        ("7", "one JSON object"),
        ('{"a": 1e999}', "too large"),
        ('{"a": 9223372036854775808}', "too large"),
        ('{"a":' * 12 + "1" + "}" * 12, "nest"),
        (json.dumps({"a": list(range(MAX_NODES))}), "values"),
        (json.dumps({"a": "x" * MAX_BYTES}), "bytes"),
        ('{"a": "' + "م" * 4200 + '"}', "bytes"),
        ("\ud800" * 3000, "not valid JSON"),
    ],
)
def test_what_cannot(text: str, words: str) -> None:
    with pytest.raises(Refused, match="invalid_arguments") as refused:
        parse(text)
    assert words in refused.value.words


@given(st.text(max_size=300))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(Refused):
        assert isinstance(parse(text), dict)


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 5},
        "size": {"enum": ["S", "M"]},
        "kind": {"const": "x"},
        "when": {"type": ["string", "null"]},
        "codes": {"type": "array", "items": {"pattern": "^[A-Z]+$"}, "uniqueItems": True},
    },
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"city": "Riyad", "size": "M", "kind": "x", "when": None, "codes": ["A", "B"]}, []),
        ({}, ["the arguments: is missing city"]),
        ({"city": 5}, ["city: must be of type string"]),
        ({"city": "Damascus"}, ["city: does not keep maxLength 5"]),
        ({"city": "a", "size": "XXL"}, ["size: must be one of S, M"]),
        ({"city": "a", "kind": "y"}, ["kind: must be x"]),
        ({"city": "a", "when": 1}, ["when: must be of type string or null"]),
        ({"city": "a", "codes": ["A", "secret@x.example"]}, ["codes.1: does not have the form that is asked for"]),
        ({"city": "a", "codes": ["A", "A"]}, ["codes: does not keep uniqueItems True"]),
        ({"city": "a", "secret@x.example": 1}, ["the arguments: holds a name that the tool does not know"]),
    ],
)
def test_faults_are_named_without_the_values(arguments: dict[str, Any], words: list[str]) -> None:
    assert faults(SCHEMA, arguments) == words


def test_a_name_that_a_model_made_up_is_not_repeated() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert faults(schema, {"Refunds take 3 days!": "x"}) == ["?: must be of type integer"]


def test_faults_become_a_refusal() -> None:
    with pytest.raises(Refused) as refused:
        check(SCHEMA, {"size": "XXL"})
    assert refused.value.words == "size: must be one of S, M; the arguments: is missing city"
    check(SCHEMA, {"city": "a"})


@pytest.mark.parametrize(
    ("pattern", "is_right"),
    [("^(a+)+$", False), ("a", True), ("(?=x)a", True), ("[", True), ("^\\p{L}+$", False)],
)
def test_patterns_cannot_backtrack_and_unknown_ones_hinder_nobody(pattern: str, is_right: bool) -> None:
    text = "a" * 4000 + "!"
    assert (faults({"properties": {"x": {"pattern": pattern}}}, {"x": text}) == []) is is_right
    by_name = {"patternProperties": {pattern: False}}
    assert (faults(by_name, {text: 1}) == []) is not is_right


def nested(levels: int) -> dict[str, Any]:
    """A schema of a few lines that looks at a value two to the power of `levels` times."""
    defs: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**defs, f"a{levels}": {"type": "object"}}, "$ref": "#/$defs/a0"}


@pytest.mark.parametrize(
    "schema",
    [
        nested(30),
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$ref": "#/nowhere"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {
            "items": {"anyOf": [{"const": n} for n in range(MAX_STEPS)]},
            "anyOf": [{"const": n} for n in range(MAX_STEPS)],
        },
    ],
)
def test_a_check_that_costs_too_much_or_leads_outside_is_given_up(schema: dict[str, Any]) -> None:
    with pytest.raises(TooCostly):
        faults(schema, {"a": 1})
    with pytest.raises(Refused, match="invalid_arguments"):
        check(schema, {"a": 1})


def test_references_within_a_schema_hold() -> None:
    assert faults(nested(5), {}) == []
    schema = {"$defs": {"City": {"enum": ["Riyadh"]}}, "properties": {"city": {"$ref": "#/$defs/City"}}}
    assert faults(schema, {"city": "Jeddah"}) == ["city: must be one of Riyadh"]
