"""Where the steps of a conversation do their work: long texts keep no other turn waiting."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from core.budgets import Allowance
from core.pseudonyms import Pseudonyms
from graph.conversing import steps
from graph.conversing.understanding import read_message
from graph.talk import Talk, Understanding
from graph.talk_context import TalkContext
from tests.graph.talks import NOW, make_talk


@pytest.mark.parametrize(
    ("text", "is_beside"), [("human please", False), (f"{'the import fails. ' * 80}\nhuman please", True)]
)
async def test_long_messages_are_understood_beside_the_loop(
    text: str, is_beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[int] = []

    def read(talk: Talk) -> Understanding:
        readers.append(threading.get_ident())
        return read_message(talk)

    monkeypatch.setattr(steps, "read_message", read)
    nobody: Any = None
    means = TalkContext(
        talk=make_talk(text),
        allowance=Allowance(float("inf")),
        pseudonyms=Pseudonyms(),
        conversations=nobody,
        delivery=nobody,
        tools=nobody,
    )
    context: Any = SimpleNamespace(now=lambda: NOW)
    changes = await steps.understand_message(context, means)
    assert (readers != [threading.get_ident()]) == is_beside
    assert changes["route"] == "escalate"
