"""Calls of tools that models write as text, and what of their text is for the user."""

import pytest

from graph.reasoners.toolcalls import HeldText, read_calls

CALL = '{"name": "search_knowledge", "arguments": {"query": "keys"}}'
EXPECTED = [("search_knowledge", '{"query": "keys"}')]

WRITTEN = [
    (f"```json\n{CALL}\n```", EXPECTED),
    (f"```\n{CALL}\n```", EXPECTED),
    (f"<tool_call>{CALL}</tool_call>", EXPECTED),
    (f"<tool_call>\n{CALL}\n</tool_call>\n<tool_call>\n{CALL}\n</tool_call>", EXPECTED * 2),
    (CALL, EXPECTED),
    (f"[{CALL}, {CALL}]", EXPECTED * 2),
    ('{"function": {"name": "a", "parameters": {}}}', [("a", "{}")]),
    ('{"tool": "a", "args": "{}"}', [("a", "{}")]),
    (f"<think>Shall I call {CALL}?</think>Yes.", []),
    ("Plain words.", []),
    ('```json\n{"name": "Ann"}\n```', []),
    ("```json\n{broken", []),
    ("{" * 5000, []),
]


@pytest.mark.parametrize(("text", "calls"), WRITTEN)
def test_calls_are_read_whatever_they_are_wrapped_in(text: str, calls: list[tuple[str, str]]) -> None:
    assert [(call.name, call.arguments) for call in read_calls(text)] == calls


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    ("text", "passed"),
    [
        (f"Let me look.\n```json\n{CALL}\n```", "Let me look."),
        (f"<tool_call>{CALL}</tool_call>", ""),
        (CALL, ""),
        ("<think>The user wants a key.\nHm.</think>\nHere you are.", "Here you are."),
        ("<think>never ends", ""),
        ("a < b, and `code` is code. {x} too.", "a < b, and `code` is code. {x} too."),
        ("Write:\n```\nexit\n```", "Write:\n```\nexit\n```"),
        ("[1] is a marker.", "[1] is a marker."),
    ],
)
def test_what_may_be_a_call_is_held_back_until_it_is_certain(text: str, passed: str, size: int) -> None:
    held = HeldText()
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    assert ("".join(held.feed(part) for part in parts) + held.finish()).strip() == passed
