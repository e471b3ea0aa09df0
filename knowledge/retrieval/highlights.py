"""Finds what a reader should see at once: the words of a passage that the question has too. Pure."""

from collections.abc import Collection

from knowledge.retrieval.analysis import read

Range = tuple[int, int]
"""A half-open range of characters."""


def find_highlights(
    text: str, stems: Collection[str], language: str | None = None, most: int = 50
) -> tuple[Range, ...]:
    """Return the ranges of `text` that hold one of the stems, in order; words side by side make one range.

    No more than `most` ranges are returned, the first ones.
    """
    wanted = frozenset(stems)
    found: list[Range] = []
    for term in read(text, language):
        if term.stem not in wanted:
            continue
        if found and text[found[-1][1] : term.start] in ("", " "):
            found[-1] = (min(found[-1][0], term.start), max(found[-1][1], term.end))
        else:
            found.append((term.start, term.end))
        if len(found) > most:
            return tuple(found[:most])
    return tuple(found)
