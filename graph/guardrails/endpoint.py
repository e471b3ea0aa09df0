"""Moderation by a provider's endpoint, `POST {base}/moderations` as OpenAI and compatible servers have it.

It judges beside the local rules, never instead of them: when it is slow, away or answers nonsense, they stand alone.
"""

import logging
from typing import Final

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.settings import LlmSettings
from graph.talk import Verdict

_MAX_TEXT: Final = 8000
_SELF_HARM: Final = "self-harm"
"""Beginning of the categories that lead to the hotline."""

_log = logging.getLogger(__name__)


class _Result(BaseModel):
    model_config = ConfigDict(strict=True)

    flagged: bool
    categories: dict[str, bool | None] = Field(default_factory=dict)
    category_scores: dict[str, float | int | None] = Field(default_factory=dict)


class _Answer(BaseModel):
    results: list[_Result] = Field(min_length=1)


class EndpointModerator:
    """Asks the configured endpoint. `client` is shared, and closed by whoever opened it."""

    def __init__(self, client: httpx2.AsyncClient, settings: LlmSettings) -> None:
        base = (settings.moderation_base_url or "").rstrip("/")
        key = settings.moderation_api_key
        self._client = client
        self._url = f"{base}/moderations"
        self._model = settings.moderation_model
        self._timeout = settings.moderation_timeout_seconds
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}

    async def moderate(self, text: str) -> Verdict | None:
        """Return the verdict on a masked text, None for one that is fine or cannot be judged now; never raises."""
        try:
            response = await self._client.post(
                self._url,
                json={"input": text[:_MAX_TEXT], "model": self._model},
                headers=self._headers,
                timeout=self._timeout,
                follow_redirects=False,
            )
            response.raise_for_status()
            return _verdict(_Answer.model_validate_json(response.content).results[0])
        except (httpx2.HTTPError, ValidationError) as error:
            _log.warning("the moderation endpoint gave no verdict", extra={"error": type(error).__name__})
            return None


def moderator_for(settings: LlmSettings, client: httpx2.AsyncClient) -> EndpointModerator | None:
    """Return the moderator of the settings, None where none is configured."""
    return EndpointModerator(client, settings) if settings.moderation_base_url else None


def _verdict(result: _Result) -> Verdict | None:
    if not result.flagged:
        return None
    named = [name for name, is_so in result.categories.items() if is_so]
    score = max((score for score in result.category_scores.values() if score is not None), default=1.0)
    if any(name.startswith(_SELF_HARM) for name in named):
        return Verdict("self_harm", "hotline", float(score))
    return Verdict("moderation", "refuse", float(score))
