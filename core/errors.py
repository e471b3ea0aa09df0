"""Errors with stable codes, so that people, programs and outside tests can rely on them.

A code never changes its meaning. No HTTP status lives here: each edge (API, gateway, CLI) maps codes to its own
protocol.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ProductError(Exception):
    """A failure that we can name. `code` is stable; `detail` is for people and never holds secrets or personal data."""

    code = "internal_error"
    title = "Something went wrong on our side."

    def __init__(
        self, detail: str | None = None, *, errors: Sequence[Mapping[str, Any]] = (), retry_after: float | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.retry_after = retry_after


class Unauthenticated(ProductError):
    """No credential, or one that is not valid."""

    code = "unauthenticated"
    title = "A valid credential is required."


class TokenExpired(Unauthenticated):
    """The credential was valid once."""

    code = "token_expired"
    title = "The token has expired."


class Forbidden(ProductError):
    """The credential is valid but does not reach this."""

    code = "forbidden"
    title = "This credential does not allow that."


class OriginRefused(Forbidden):
    """A public key was used from a page of an origin that the company did not allow."""

    code = "origin_refused"
    title = "This origin is not allowed for the key."


class NotFound(ProductError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"
    title = "There is no such resource."


class Conflict(ProductError):
    """The request contradicts the present state."""

    code = "conflict"
    title = "The request conflicts with the present state."


class InvalidRequest(ProductError):
    """The request was understood but its content is wrong; `errors` name each fault."""

    code = "invalid_request"
    title = "The request is malformed."


class BodyTooLarge(ProductError):
    """More bytes than the route takes."""

    code = "body_too_large"
    title = "The request body is too large."


class RateLimited(ProductError):
    """Too many requests in the window; `retry_after` is in seconds."""

    code = "rate_limited"
    title = "Too many requests."


class Unavailable(ProductError):
    """A store that we need is away; the same request may succeed later. `retry_after` is in seconds."""

    code = "unavailable"
    title = "The service is temporarily unavailable."


class BudgetExhausted(ProductError):
    """The money or tokens set aside for this are spent.

    `scope` tells whose: company, user, conversation, maker or checker (`core.budgets.Scope`).
    """

    code = "budget_exhausted"
    title = "The budget is spent."

    def __init__(self, detail: str | None = None, *, scope: str = "company") -> None:
        super().__init__(detail)
        self.scope = scope


class ProviderFailed(ProductError):
    """An LLM or another provider refused or answered nonsense."""

    code = "provider_failed"
    title = "A provider failed."


class ProviderTimeout(ProviderFailed):
    """A provider did not answer in time."""

    code = "provider_timeout"
    title = "A provider did not answer in time."


class SettingsError(ProductError):
    """An environment variable is missing or wrong; the text is one readable line."""

    code = "invalid_settings"
    title = "The configuration is invalid."
