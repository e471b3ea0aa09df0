"""Success baselines: the path of users who succeed, against which a stuck one stands out."""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

_KEY = StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")


def _as_path(pattern: str) -> str:
    """Return a pattern in the form that `page_path` gives pages, so that it can match one."""
    path = pattern
    if "://" in pattern:
        _, slash, rest = pattern.partition("://")[2].partition("/")
        path = slash + rest
    return path.rstrip("/") or "/"


class BaselineStep(BaseModel):
    """One step of the path. Times are seconds on the step: the median and the slowest tenth of those who succeeded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, _KEY]
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(
        default_factory=lambda given: given.get("key", "?"), description="As users know it; the key when left out"
    )
    url_pattern: Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_as_path)] = Field(
        description="Path of the page, with * as a wildcard: /projects/*/import; of a whole URL the path is taken"
    )
    element: Annotated[str, StringConstraints(max_length=512)] | None = Field(
        None, description="CSS selector of the element where help belongs"
    )
    success_event: Annotated[str, StringConstraints(max_length=128, strip_whitespace=True)] | None = Field(
        None, description="Event type that completes the step; one with `properties.step` must name this key"
    )
    p50_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    p90_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    hint: Annotated[str, StringConstraints(max_length=400)] | None = Field(None, description="What helps here")
    help_url: Annotated[str, StringConstraints(max_length=500)] | None = None


class Baseline(BaseModel):
    """The path to one success (CONTRACT: `GET|POST /api/v1/baselines`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    steps: tuple[BaselineStep, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _unique_keys(self) -> "Baseline":
        keys = [step.key for step in self.steps]
        if len(set(keys)) != len(keys):
            raise ValueError("step keys must be unique")
        return self

    def step_of(self, page_url: str | None) -> BaselineStep | None:
        """Return the first step whose pattern fits the page, or None."""
        path = page_path(page_url)
        return next((step for step in self.steps if fnmatchcase(path, step.url_pattern)), None)

    def step(self, key: str) -> BaselineStep | None:
        """Return the step of that key, or None."""
        return next((step for step in self.steps if step.key == key), None)


@lru_cache(maxsize=4096)
def page_path(page_url: str | None) -> str:
    """Return the path of a page without host, query and trailing slash; hash routes (`#/x`) count as part of it."""
    if not page_url:
        return "/"
    try:
        parts = urlsplit(page_url)
    except ValueError:
        return "/"
    path = parts.path.rstrip("/") or "/"
    return f"{path}#{parts.fragment.rstrip('/')}" if parts.fragment.startswith("/") else path
