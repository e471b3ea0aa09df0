"""Feature flags by OpenFeature: which users get a feature that is being rolled out.

The provider is ours and small: flagd's evaluator over one flag, whose rule reads the company's configuration from the
evaluation context. Nothing is fetched or cached, so a changed configuration holds from the next question on. A user's
bucket is a hash of flag, company and user: it stays the same on every machine, and a growing share only adds users.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from openfeature import api
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.provider import AbstractProvider, Metadata

from core.config import ConversationRules

CONVERSATIONS: Final = "conversational_onboarding"
_DOMAIN: Final = "onboarding_agent"
_PARTS: Final = 10_000
"""Parts that a rollout divides users into: a hundredth of a per cent each."""
_ROLLOUT: Final = {
    "fractional": [
        {"cat": [{"var": "$flagd.flagKey"}, ":", {"var": "targetingKey"}]},
        ["on", {"var": "share"}],
        ["off", {"var": "rest"}],
    ]
}
_FLAGS: Final[dict[str, Any]] = {
    "flags": {
        CONVERSATIONS: {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "off",
            "targeting": {"if": [{"var": "enabled"}, _ROLLOUT, "off"]},
        }
    }
}


class CompanyFlags(AbstractProvider):
    """Resolves flags by flagd's rules over what the evaluation context says of the company."""

    def __init__(self) -> None:
        super().__init__()
        self._core = FlagdCore()
        self._core.set_flags(_FLAGS)

    def get_metadata(self) -> Metadata:
        """Return what OpenFeature's hooks and telemetry call this provider."""
        return Metadata(_DOMAIN)

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve a flag that is on or off; all of ours are."""
        return self._core.resolve_boolean_value(flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a text."""
        return self._core.resolve_string_value(flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve a whole number."""
        return self._core.resolve_integer_value(flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve a number."""
        return self._core.resolve_float_value(flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Resolve a structure."""
        return self._core.resolve_object_value(flag_key, default_value, evaluation_context)


class Flags:
    """Answers which features a user gets. `conversations` is the installation's own switch."""

    def __init__(self, *, conversations: bool) -> None:
        self._conversations = conversations
        if api.get_provider_metadata(_DOMAIN).name != _DOMAIN:
            api.set_provider_and_wait(CompanyFlags(), _DOMAIN)
        self._client = api.get_client(_DOMAIN)

    def may_converse(self, company_id: str, user_id: str, rules: ConversationRules) -> bool:
        """Tell whether a user may hold conversations; a failure to tell means no, and OpenFeature logs it."""
        share = round(rules.rollout_percent * _PARTS / 100)
        about = {"enabled": self._conversations and rules.enabled, "share": share, "rest": _PARTS - share}
        context = EvaluationContext(f"{company_id}:{user_id}", about)
        return self._client.get_boolean_value(CONVERSATIONS, False, context)
