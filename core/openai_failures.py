"""What an exception of OpenAI's client means, for models and embeddings alike. Only who has the client imports it."""

import openai

from core.errors import ProviderFailed, ProviderTimeout


def failure_of(error: Exception, name: str, *, refusal: type[ProviderFailed] = ProviderFailed) -> ProviderFailed:
    """Return the failure of the provider `name`; one that answered with an error status is a `refusal`.

    The exception's text may hold parts of the request, so it is not repeated.
    """
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return ProviderTimeout(f"{name} did not answer in time")
    if isinstance(error, openai.APIStatusError):
        retry_after = _seconds(error.response.headers.get("retry-after"))
        return refusal(f"{name} answered {error.status_code}", retry_after=retry_after)
    return ProviderFailed(f"{name} failed: {type(error).__name__}")


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
