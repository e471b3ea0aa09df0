"""Reasoners that ask the test server."""

from typing import Any

from core.settings import LlmSettings
from graph.reasoner import Reasoner
from graph.reasoners.provider import Provider
from graph.reasoners.wiring import build_providers, build_reasoner
from tests.llm_server import LlmServer


def reasoner_at_url(base_url: str, **changes: Any) -> Reasoner:
    """A reasoner of one provider, which tries once and gives up after a second, unless told otherwise."""
    return build_reasoner(_settings(base_url, changes))


def reasoner_at(server: LlmServer, **changes: Any) -> Reasoner:
    """The same, for a server of this test."""
    return reasoner_at_url(server.base_url, **changes)


def provider_at(server: LlmServer, **changes: Any) -> Provider:
    """The provider of such a reasoner."""
    [provider] = build_providers(_settings(server.base_url, changes))
    return provider


def _settings(base_url: str, changes: dict[str, Any]) -> LlmSettings:
    fields: dict[str, Any] = {
        "llm_provider": ("openai",),
        "openai_api_key": "sk-test-key-0123456789abcdef",
        "openai_base_url": base_url,
        "openai_model": "gpt-4.1-mini",
        "llm_timeout_seconds": 1,
        "llm_max_retries": 0,
    }
    return LlmSettings(_env_file=None, **{**fields, **changes})  # type: ignore[call-arg]
