"""`search_knowledge`: the company's documents, as a tool; and the numbers by which an answer cites what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.consulting import MAX_QUERY
from graph.context import Knowledge
from graph.conversing.reading import search
from graph.excerpts import Excerpt
from graph.talk import Talk, ToolResult, ToolSpec
from graph.tools.contracts import Done, ToolFailed
from graph.tools.offers import listed

NOTHING_FOUND: Final = "nothing in the documents answers this"


@dataclass(frozen=True, slots=True)
class SearchKnowledge:
    """Finds passages; what it searches for stays masked, since an embedding may be made by somebody else."""

    knowledge: Knowledge
    name: str = "search_knowledge"
    needs_real_values: bool = False

    def spec(self, talk: Talk) -> ToolSpec | None:
        """Offered where the playbook lists it and the company lets its documents be used."""
        if self.name not in listed(talk) or not talk.config.knowledge.enabled:
            return None
        text = "Search the company's documents. Cite what you use of the passages by their numbers, such as [1]."
        query = {"type": "string", "minLength": 1, "maxLength": MAX_QUERY, "description": "What to look for, in words"}
        schema = {"type": "object", "properties": {"query": query}, "required": ["query"]}
        return ToolSpec(self.name, text, {**schema, "additionalProperties": False})

    async def run(self, talk: Talk, arguments: Mapping[str, Any]) -> Done:
        """Search; raises ToolFailed while the documents cannot be searched."""
        reading = await search(self.knowledge, talk, arguments["query"])
        if reading.facts["outcome"] == "unavailable":
            raise ToolFailed("knowledge_unavailable", "the documents cannot be searched now")
        if not reading.excerpts or not reading.is_sure:
            return Done(NOTHING_FOUND)
        return Done(None, excerpts=reading.excerpts, passages=reading.passages)


def numbered(before: Sequence[Excerpt], results: Sequence[ToolResult | Done]) -> dict[str, int]:
    """Return the number of each passage of a turn by its chunk id, from 1, in the order in which they were found.

    `before` are those found before the first round. A passage that is found again keeps its number.
    """
    found = [*before, *(excerpt for result in results for excerpt in result.excerpts)]
    return {chunk: n for n, chunk in enumerate(dict.fromkeys(one.chunk_id for one in found), start=1)}


def passages_file(excerpts: Sequence[Excerpt], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return excerpts as a model reads them, each with the number by which it is cited."""
    return [
        {"n": numbers[one.chunk_id], **({"title": one.title} if one.title else {}), "text": one.text}
        for one in excerpts
    ]
