"""Builds the reasoner that the settings ask for. Nothing is sent and nothing is built before this is called."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from core.settings import LlmSettings, check_providers
from graph.reasoner import Reasoner
from graph.reasoners.chain import ChainReasoner, Link
from graph.reasoners.openai import OpenAIReasoner
from graph.reasoners.provider import Provider
from graph.reasoners.rules import RulesReasoner
from graph.schemas import Dialect

SEED: Final = 7
"""With temperature 0 the same case gets the same answer, as far as a provider can promise."""
_NO_KEY: Final = SecretStr("none")
"""For servers that ask for none; the client insists on one."""
_THINKING_MODELS: Final = ("o1", "o3", "o4", "gpt-5")
"""Models that refuse a temperature; their names begin so."""


def build_reasoner(settings: LlmSettings) -> Reasoner:
    """Return the chain of `LLM_PROVIDER`; call it once per process.

    Raises:
        SettingsError: a provider of the chain lacks its key, address or model.
    """
    check_providers(settings)
    return ChainReasoner([_link(name, settings) for name in settings.llm_provider])


def build_providers(settings: LlmSettings) -> tuple[Provider, ...]:
    """Return the models of `LLM_PROVIDER`, in the chain's order; none where it is `rules` alone.

    Raises:
        SettingsError: a provider of the chain lacks its key, address or model.
    """
    check_providers(settings)
    return tuple(_PROVIDERS[name](settings) for name in settings.llm_provider if name != "rules")


def thinking_seconds(settings: LlmSettings) -> float:
    """Return the longest that a reasoner of these settings may take for one question: every provider, asked twice."""
    paying = sum(name != "rules" for name in settings.llm_provider)
    return 5 + 2 * paying * _patience(settings)


def _patience(settings: LlmSettings) -> float:
    """Return the seconds for one call with its retries: room for one that timed out, or several that failed fast."""
    return 2 * settings.llm_timeout_seconds


def _link(name: str, settings: LlmSettings) -> Link:
    if name == "rules":
        return Link(name, RulesReasoner(), pays=False)
    return Link(name, OpenAIReasoner(_PROVIDERS[name](settings)))


def _openai(settings: LlmSettings) -> Provider:
    key = settings.openai_api_key or _NO_KEY
    options = _options(settings, settings.openai_model)
    if settings.openai_base_url:
        return _compatible("openai", settings.openai_model, settings.openai_base_url, key, settings)
    client = ChatOpenAI(model=settings.openai_model, api_key=key, **options)
    return _provider("openai", settings.openai_model, client, "openai", "openai", settings)


def _azure(settings: LlmSettings) -> Provider:
    client = AzureChatOpenAI(
        azure_endpoint=settings.azure_openai_endpoint,
        api_key=settings.azure_openai_api_key,
        azure_deployment=settings.azure_openai_deployment or settings.openai_model,
        api_version=settings.azure_openai_api_version,
        model=settings.openai_model,
        **_options(settings, settings.openai_model),
    )
    return _provider("azure", settings.openai_model, client, "azure", "azure", settings)


def _local(settings: LlmSettings) -> Provider:
    return _compatible("local", settings.local_model or "", settings.local_base_url or "", _NO_KEY, settings)


def _compatible(name: str, model: str, url: str, key: SecretStr, settings: LlmSettings) -> Provider:
    # The base class, since ChatOpenAI renames max_tokens to a name that few other servers know, and without that bound
    # a small model may run on.
    client = BaseChatOpenAI(model=model, base_url=url, api_key=key, **_options(settings, model))
    price_id = "openai" if name == "openai" else name
    return _provider(name, model, client, "grammar", price_id, settings)


def _provider(
    name: str, model: str, client: BaseChatOpenAI, dialect: Dialect, price_id: str, settings: LlmSettings
) -> Provider:
    silence, patience = settings.llm_timeout_seconds, _patience(settings)
    return Provider(name, model, client, dialect, price_id, settings.llm_max_tokens, patience, silence)


def _options(settings: LlmSettings, model: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "timeout": settings.llm_timeout_seconds,
        "max_retries": settings.llm_max_retries,
        "max_tokens": settings.llm_max_tokens,
        "use_responses_api": False,
    }
    return options if model.startswith(_THINKING_MODELS) else {**options, "temperature": 0, "seed": SEED}


_PROVIDERS: Final[Mapping[str, Callable[[LlmSettings], Provider]]] = {
    "openai": _openai,
    "azure": _azure,
    "local": _local,
}
