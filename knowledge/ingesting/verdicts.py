"""What becomes of documents that could not be read again, and whether a run may be published. Pure.

A document that is gone, or that may no longer be used, leaves the knowledge base. One that merely could not be read
this time keeps its last good version: an outage of the company's site must not empty its knowledge base.
"""

from dataclasses import dataclass
from typing import Final

from knowledge.documents import LICENCE_BLOCKED
from knowledge.fetching.refusals import NOT_ALLOWED, NOT_FOUND, PRIVATE_ADDRESS, ROBOTS

WITHDRAWN: Final = frozenset({LICENCE_BLOCKED, NOT_ALLOWED, PRIVATE_ADDRESS, ROBOTS})
"""Codes of documents that we may not use any more."""
GONE: Final = WITHDRAWN | {NOT_FOUND}
"""Codes of documents that leave: withdrawn, or deleted by the site."""
NOTHING_READ: Final = "nothing_read"
"""Code of a run in which no document could be read."""
TOO_MUCH_LOST: Final = "too_much_lost"
"""Code of a run that would take away more than half of a source."""


@dataclass(frozen=True, slots=True)
class Tally:
    """A run's documents.

    `read` were read or found unchanged. Of the `live` ones before it, `kept` stay (unchanged, changed, or only unread
    this time) and `withdrawn` may not be used any more; the others are gone.
    """

    read: int
    live: int
    kept: int
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run is not published; `code` is stable."""

    code: str
    detail: str


def leaves(code: str) -> bool:
    """Tell whether a document with this problem leaves the knowledge base, instead of keeping its last good version."""
    return code in GONE


def refuse(tally: Tally, *, loss_allowed: bool) -> Refusal | None:
    """Decide whether a run must not be published; None when it may be.

    A run that read nothing changes nothing, unless what was withdrawn has to go. One that would take away more than
    half of the documents is taken for an accident of the site, unless somebody said that it is meant.
    """
    if tally.read == 0 and tally.withdrawn == 0:
        return Refusal(NOTHING_READ, "No document of the source could be read.")
    lost = tally.live - tally.kept - tally.withdrawn
    if not loss_allowed and lost * 2 > tally.live:
        return Refusal(
            TOO_MUCH_LOST,
            f"{lost} of {tally.live} documents would go. If that is meant, ingest again and allow the loss.",
        )
    return None
