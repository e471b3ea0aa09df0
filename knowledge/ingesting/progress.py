"""How far a run has come and what went wrong with single documents, as people are shown it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Progress:
    """What a run has done so far. `documents_total` is None until every address of the source is known.

    `documents_done` were dealt with, `documents_unchanged` of these were as before, `documents_failed` have a problem.
    Chunks are counted against what was live before; `embedded` counts the vectors that were made.
    """

    documents_total: int | None = None
    documents_done: int = 0
    documents_unchanged: int = 0
    documents_failed: int = 0
    chunks_added: int = 0
    chunks_kept: int = 0
    chunks_removed: int = 0
    embedded: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Progress":
        """Return what a run's row holds; members that are missing or unknown are passed over."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def as_dict(self) -> dict[str, Any]:
        """Return it as a run's row holds it."""
        return asdict(self)


@dataclass(slots=True)
class Problems:
    """What went wrong, by document, in the order in which it did; a document has one problem at most."""

    by_key: dict[str, tuple[str, str]] = field(default_factory=dict)

    def note(self, key: str, code: str, detail: str) -> None:
        """Note what is wrong with a document, or with a part of the source."""
        self.by_key[key] = (code, detail)

    def as_list(self) -> list[dict[str, str]]:
        """Return them as a run's row holds them."""
        return [{"url": key, "code": code, "detail": detail} for key, (code, detail) in self.by_key.items()]

    def only(self) -> tuple[str, str] | None:
        """Return code and detail of the one problem that there is; None when there are none or several."""
        return next(iter(self.by_key.values())) if len(self.by_key) == 1 else None
