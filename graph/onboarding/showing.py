"""Recommendations as a user reads them in a conversation. Pure."""

from collections.abc import Mapping, Sequence

from core.conversations import Citation
from core.recommendations import DraftVerdict, Recommendation
from graph.onboarding.values import Drafts, Verdicts
from graph.phrases import phrase
from graph.talk import Answer


def passing(drafts: Drafts, verdicts: Verdicts) -> tuple[Recommendation, ...]:
    """Return the drafts that pass, in their order."""
    judged = zip(drafts.items, verdicts.items, strict=True)
    return tuple(draft for draft, verdict in judged if verdict.passes)


def recommendations_answer(shown: Sequence[Recommendation], language: str) -> Answer:
    """Return the answer that presents recommendations, each with its steps and sources; or that there are none."""
    if not shown:
        return Answer(phrase("recommendations.none", language), language=language, is_answered=False)
    markers: dict[tuple[str, str | None], Citation] = {}
    items = [_item(number, draft, markers, language) for number, draft in enumerate(shown, start=1)]
    intro, ask = phrase("recommendations.intro", language), phrase("recommendations.ask", language)
    return Answer("\n\n".join([intro, *items, ask]), tuple(markers.values()), language)


def as_numbered(drafts: Drafts, verdicts: Verdicts, shown: Answer) -> tuple[tuple[Recommendation, DraftVerdict], ...]:
    """Return every draft with its verdict, its sources numbered as in the answer; refused ones have none."""
    markers = {(one.title, one.url): one.marker for one in shown.citations}
    return tuple(
        (_numbered(draft, markers if verdict.passes else {}), verdict)
        for draft, verdict in zip(drafts.items, verdicts.items, strict=True)
    )


def _numbered(draft: Recommendation, markers: Mapping[tuple[str, str | None], int | None]) -> Recommendation:
    cited = [one.model_copy(update={"marker": markers.get((one.title, one.url))}) for one in draft.citations]
    return draft.model_copy(update={"citations": tuple(cited)})


def _item(number: int, draft: Recommendation, markers: dict[tuple[str, str | None], Citation], language: str) -> str:
    head = phrase("recommendations.item", language, number=number, title=draft.title, summary=draft.summary)
    named = "".join(f" [{_marker(citation, markers)}]" for citation in draft.citations)
    changes = [f"- {change.setting}: {change.value}" for change in draft.changes]
    return "\n".join([f"{head}{named}", *(f"- {step}" for step in draft.steps), *changes])


def _marker(citation: Citation, markers: dict[tuple[str, str | None], Citation]) -> int | None:
    """Return the number of a source in this answer: the next one when it is cited first."""
    fresh = citation.model_copy(update={"marker": len(markers) + 1})
    return markers.setdefault((citation.title, citation.url), fresh).marker
