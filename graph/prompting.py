"""Prompts kept as files: a front matter, the system text, and examples; versioned by their content.

A file reads:

    ---
    node: diagnose
    ---
    The system text.

    ## Example
    ```json
    {the data}
    ```
    ```json
    {the answer}
    ```
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.casefile import quote

_FOLDER: Final = Path(__file__).parent / "prompts"
_EXAMPLE: Final = re.compile(r"^## Example.*$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: what to do, and examples of data and answer. `version` changes with the file."""

    node: str
    version: str
    system: str
    examples: tuple[tuple[dict[str, Any], dict[str, Any]], ...]

    def messages(self, data: Mapping[str, Any]) -> list[BaseMessage]:
        """Return the messages of a call; the data goes into the last one, quoted."""
        messages: list[BaseMessage] = [SystemMessage(self.system)]
        for shown, answer in self.examples:
            messages += [HumanMessage(quote(shown)), AIMessage(json.dumps(answer, ensure_ascii=False))]
        return [*messages, HumanMessage(quote(data))]


@lru_cache
def load_prompt(name: str) -> Prompt:
    """Return the prompt of that file name (diagnose, coach, alert)."""
    return parse_prompt((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))


def parse_prompt(text: str) -> Prompt:
    """Return the prompt of a file's text; raises ValueError where it is not one."""
    _, head, body = text.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    system, *examples = _EXAMPLE.split(body)
    return Prompt(
        node=fields["node"],
        version=f"{fields['node']}-{hashlib.sha256(text.encode()).hexdigest()[:8]}",
        system=system.strip(),
        examples=tuple(_example(example) for example in examples),
    )


def _example(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    blocks = [json.loads(block) for block in _BLOCK.findall(text)]
    if len(blocks) != 2:
        raise ValueError("an example has two JSON blocks: the data and the answer")
    return blocks[0], blocks[1]
