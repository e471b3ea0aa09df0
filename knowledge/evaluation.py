"""Measures a knowledge base by questions whose answers are known: is the right passage found, and is a gap noticed?

A file of questions is JSON lines or CSV with the columns `question`, what is to be found (`url`, `source` or `passage`;
none of them: nothing answers the question), and perhaps `language` and `tag`. Who asks the questions is the caller's
matter: reading, judging and counting are pure.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.errors import ProductError
from core.passages import Passage
from knowledge.retrieval.answerability import answerable

DEPTH: Final = 10
"""Passages that are asked for."""
CUTS: Final = (1, 3, 5, 10)
"""The k of recall@k."""
MOST: Final = 20_000
"""Questions of one file."""
_FIELDS: Final = ("question", "url", "source", "passage", "language", "tag")
_SHORTEST: Final = 40
"""Characters from which a chunk that is a part of the expected passage counts as it."""


class InvalidQuestions(ProductError):
    """The file of questions cannot be used; `errors` name the lines."""

    code = "invalid_questions"
    title = "The questions cannot be read."


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what is to be found; where several are given, all must hold.

    `url` is the address of the passage's page, `source` its source's id or its document's title, `passage` text that
    stands in it (or that it stands in, for text longer than a chunk).
    """

    question: str
    url: str | None = None
    source: str | None = None
    passage: str | None = None
    language: str | None = None
    tag: str | None = None

    @property
    def is_answerable(self) -> bool:
        """Tell whether anything is to be found at all."""
        return any((self.url, self.source, self.passage))

    def is_met_by(self, passage: Passage) -> bool:
        """Tell whether a passage is what was to be found."""
        return (
            self.is_answerable
            and (not self.url or _address(self.url) == _address(passage.url or ""))
            and (not self.source or self.source in (passage.source_id, passage.document_title))
            and (not self.passage or _overlap(_plain(self.passage), _plain(passage.text)))
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: the place of the first right passage, from 1, and how answerable it looked, 0..1."""

    case: Case
    place: int | None
    score: float
    taken_as_answerable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a file of questions showed. Figures without questions to count are None.

    `accuracy`, `f1` (of "answerable") and `auc` are of telling answerable questions from the others.
    """

    questions: int
    answerable: int
    recall: dict[int, float] | None
    mrr: float | None
    accuracy: float
    f1: float | None
    auc: float | None
    missed: tuple[str, ...]


def judge(case: Case, passages: Sequence[Passage]) -> Outcome:
    """Return what passages, best first, mean for a case."""
    place = next((at for at, passage in enumerate(passages, 1) if case.is_met_by(passage)), None)
    told = answerable(case.question, passages)
    return Outcome(case, place, told.score, told.is_answerable)


def summarise(outcomes: Sequence[Outcome]) -> Report:
    """Count; raises ValueError for no outcomes at all."""
    if not outcomes:
        raise ValueError("no outcomes")
    known = [each for each in outcomes if each.case.is_answerable]
    places = [each.place for each in known]
    right = sum(each.taken_as_answerable == each.case.is_answerable for each in outcomes)
    both = sum(each.taken_as_answerable for each in known)
    taken = sum(each.taken_as_answerable for each in outcomes)
    return Report(
        len(outcomes),
        len(known),
        {cut: _share(place is not None and place <= cut for place in places) for cut in CUTS} if known else None,
        sum(1 / place for place in places if place) / len(known) if known else None,
        right / len(outcomes),
        2 * both / (taken + len(known)) if known else None,
        _area(outcomes),
        tuple(each.case.question for each in known if each.place is None),
    )


def parse_cases(content: bytes, name: str) -> list[Case]:
    """Read a file of questions: CSV when its name ends so, else JSON lines.

    Raises:
        InvalidQuestions: no text, no question, too many, or lines that are none; `errors` name those by number.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidQuestions("The file is not UTF-8.") from None
    rows = _csv_rows(text) if name.lower().endswith(".csv") else _json_rows(text)
    cases, errors = [], []
    for number, row in rows[: MOST + 1]:
        try:
            cases.append(_case(row))
        except ValueError as error:
            errors.append({"line": number, "detail": str(error)})
    if errors:
        lines = ", ".join(str(error["line"]) for error in errors[:5])
        raise InvalidQuestions(f"Lines that are no question: {lines} ({errors[0]['detail']}).", errors=errors[:100])
    if not 0 < len(cases) <= MOST:
        raise InvalidQuestions(f"The file must hold 1 to {MOST} questions.")
    return cases


def _json_rows(text: str) -> list[tuple[int, Any]]:
    rows: list[tuple[int, Any]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append((number, orjson.loads(line)))
            except orjson.JSONDecodeError:
                rows.append((number, None))
    return rows


def _csv_rows(text: str) -> list[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "question" not in (reader.fieldnames or ()):
        raise InvalidQuestions("The first line of a CSV file must name the columns, `question` among them.")
    try:
        return [(reader.line_num, {key: value for key, value in row.items() if value}) for row in reader]
    except csv.Error as error:
        raise InvalidQuestions(f"Line {reader.line_num}: {error}.") from None


def _case(row: Any) -> Case:
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    fields = {name: row.get(name) for name in _FIELDS}
    if wrong := [name for name, value in fields.items() if not isinstance(value, str | None)]:
        raise ValueError(f"`{wrong[0]}` is not a text")
    given = {name: value.strip() or None for name, value in fields.items() if isinstance(value, str)}
    if not given.get("question"):
        raise ValueError("`question` is missing")
    return Case(**given)  # type: ignore[arg-type]  # the question is there


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found)


def _area(outcomes: Sequence[Outcome]) -> float | None:
    """Return the area under the ROC curve: how often an answerable question scores above another one; ties are half."""
    yes = [each.score for each in outcomes if each.case.is_answerable]
    no = [each.score for each in outcomes if not each.case.is_answerable]
    if not yes or not no:
        return None
    ordered = sorted({*yes, *no})
    places = {score: at for at, score in enumerate(ordered)}
    below, total, counts = 0, 0.0, [[0, 0] for _ in ordered]
    for kind, scores in enumerate((no, yes)):
        for score in scores:
            counts[places[score]][kind] += 1
    for lower, higher in counts:
        total += higher * (below + lower / 2)
        below += lower
    return total / (len(yes) * len(no))


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _overlap(expected: str, found: str) -> bool:
    return expected in found or (len(found) >= _SHORTEST and found in expected)


def _address(url: str) -> str:
    return url.partition("#")[0].rstrip("/")
