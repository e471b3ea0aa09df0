"""A company's configuration: tone, thresholds, caps, escalation, flags. Versioned and audited as one document.

Each default is the one of DESIGN.md. A company stores only this document; what it leaves out takes the default, so
that a new setting needs no migration.
"""

from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

from core.personal_data import compile_pattern

Fraction = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
ShortText = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"unknown time zone {name!r}")
    return name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tone(_Section):
    """How the agent speaks to users."""

    product_name: Annotated[str, StringConstraints(max_length=80)] = Field(
        "the product", description="As users know it"
    )
    voice: ShortText = Field("friendly, brief, concrete; never blames the user", description="Given to the coach")
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        "en", description="Used when the user's own language is not known"
    )


class RageClickRule(_Section):
    """The page decides on rage clicks (DESIGN: 3 clicks, each ≤ 1,000 ms and ≤ 30 px from the one before)."""

    enabled: bool = True


class DeadClickRule(_Section):
    """The page decides that a click was dead; a company that takes one for chance asks for several."""

    enabled: bool = True
    clicks: Annotated[int, Field(ge=1, le=20)] = Field(1, description="Dead clicks on one element before it counts")
    within_ms: Milliseconds = 60_000


class ErrorClickRule(_Section):
    """The page decides that a click led to an error; a company may ask for several."""

    enabled: bool = True
    clicks: Annotated[int, Field(ge=1, le=20)] = Field(1, description="Error clicks on one element before it counts")
    within_ms: Milliseconds = 300_000


class PageLoopRule(_Section):
    """The same URL again and again, or back and forth between two."""

    enabled: bool = True
    same_url: Annotated[int, Field(ge=2, le=20)] = 3
    same_url_within_ms: Milliseconds = 15_000
    back_and_forth_within_ms: Milliseconds = Field(60_000, description="A→B→A→B→A within this")


class FormAbandonmentRule(_Section):
    """A form was changed, then left or idle, without a submit."""

    enabled: bool = True
    idle_ms: Milliseconds = 60_000


class ValidationLoopRule(_Section):
    """The same form refused again and again."""

    enabled: bool = True
    failures: Annotated[int, Field(ge=2, le=20)] = 3
    within_ms: Milliseconds = 300_000


class ExplicitStuckRule(_Section):
    """The page says that the user is stuck."""

    enabled: bool = True
    events: tuple[str, ...] = ("help_click", "cancel_click", "back_click", "error_encountered")


class InactivityRule(_Section):
    """Nothing happened on a baseline step while the tab was visible."""

    enabled: bool = True
    idle_ms: Milliseconds = 120_000


class BaselineDeviationRule(_Section):
    """Slower than nine in ten who succeeded, or off their path."""

    enabled: bool = True
    steps_off_path: Annotated[int, Field(ge=1, le=50)] = 4


class DetectionRules(_Section):
    """When a user counts as stuck."""

    rage_click: RageClickRule = RageClickRule()
    dead_click: DeadClickRule = DeadClickRule()
    error_click: ErrorClickRule = ErrorClickRule()
    page_loop: PageLoopRule = PageLoopRule()
    form_abandonment: FormAbandonmentRule = FormAbandonmentRule()
    validation_loop: ValidationLoopRule = ValidationLoopRule()
    explicit_stuck: ExplicitStuckRule = ExplicitStuckRule()
    inactivity: InactivityRule = InactivityRule()
    baseline_deviation: BaselineDeviationRule = BaselineDeviationRule()


class QuietHours(_Section):
    """Local hours in which no nudge is sent; `start` after `end` spans midnight."""

    start: time
    end: time
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"


class RestraintRules(_Section):
    """What keeps the agent from annoying anybody; decided before any LLM is paid."""

    kill_switch: bool = Field(False, description="Stops every nudge of the company at once")
    rollout_percent: Annotated[float, Field(ge=0, le=100)] = Field(100, description="Share of users who may be nudged")
    holdout_percent: Annotated[float, Field(ge=0, le=50)] = Field(0, description="Share kept un-nudged for comparison")
    max_per_day: Annotated[int, Field(ge=0, le=1000)] = Field(5, description="Nudges per user and 24 hours")
    min_gap_seconds: Seconds = Field(60, description="Between two nudges of a user")
    snooze_seconds: Seconds = Field(3600, description="Silence after a user snoozes a nudge")
    quiet_hours: QuietHours | None = None
    muted_signals: tuple[str, ...] = Field((), description="Signal kinds that never lead to a nudge")
    muted_stuck_points: tuple[str, ...] = Field((), description="Places where the agent stays silent")


class EscalationRules(_Section):
    """When a human is called in, and how."""

    after_nudges: Annotated[int, Field(ge=0, le=100)] = Field(3, description="Nudges on one stuck point before a human")
    webhook_url: HttpUrl | None = Field(
        None, description="Signed with the company's webhook secret (Standard Webhooks)"
    )
    slack_webhook_url: HttpUrl | None = None
    email_to: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)], ...] = ()
    user_link_template: ShortText | None = Field(
        None, description="Deep link for the person called in; `{user_id}` and `{escalation_id}` are filled in"
    )


class LlmRules(_Section):
    """What the company lets the agent spend."""

    daily_budget_cents: Annotated[float, Field(ge=0, le=10_000_000)] = Field(1000, description="US cents per UTC day")


class KnowledgeRules(_Section):
    """Whether nudges draw on the company's own documents."""

    enabled: bool = Field(True, description="Look for passages that help, quote them and link to them")
    min_score: Fraction | None = Field(
        None, description="How likely passages must answer before a nudge uses them, 0..1; empty: the measured default"
    )


class OfficeHours(_Section):
    """Local hours in which people answer; several make a week. `start` after `end` spans midnight."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(
        (1, 2, 3, 4, 5), min_length=1, description="1 is Monday"
    )
    start: time
    end: time
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"


class HandoffRules(_Section):
    """When people answer, and what users are promised."""

    office_hours: tuple[OfficeHours, ...] = Field((), max_length=21, description="Empty: people answer at any time")
    reply_minutes: Annotated[int, Field(ge=1, le=10_080)] = Field(
        30, description="Promised to users, in office hours; an unanswered ticket is reported after that"
    )


class PiiPattern(_Section):
    """Something of the company's own that no model may see, such as a contract number."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,30}$")] = Field(description="Shown in its place")
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=300)] = Field(
        description="Regular expression (RE2-like: no look-around, no back-references)"
    )

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        compile_pattern(self.name, self.pattern)
        return self


class ConversationRules(_Section):
    """How conversations are held."""

    enabled: bool = Field(True, description="Off: the agent is silent; only people who were called go on with users")
    rollout_percent: Annotated[float, Field(ge=0, le=100)] = Field(100, description="Share of users who may converse")
    default_playbook: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = "support"
    handoff: HandoffRules = HandoffRules()
    pii_patterns: tuple[PiiPattern, ...] = Field((), max_length=50)
    hotlines: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")], ShortText] = Field(
        default_factory=dict, max_length=50, description="Text for users in danger, by language or locale"
    )
    out_of_scope: tuple[ShortText, ...] = Field((), max_length=50, description="Topics that are refused politely")
    glossary: dict[Annotated[str, StringConstraints(min_length=1, max_length=80)], ShortText] = Field(
        default_factory=dict, max_length=500, description="Terms for translations: as they are → as they are to be"
    )
    user_daily_tokens: Annotated[int, Field(ge=0)] = Field(200_000, description="LLM tokens of one user and UTC day")


class CompanyConfig(_Section):
    """One company's whole configuration (CONTRACT: `GET|POST /api/v1/config`)."""

    tone: Tone = Tone()
    confidence_threshold: Fraction = Field(0.6, description="Below it a diagnosis leads to nothing")
    detection: DetectionRules = DetectionRules()
    restraint: RestraintRules = RestraintRules()
    escalation: EscalationRules = EscalationRules()
    llm: LlmRules = LlmRules()
    knowledge: KnowledgeRules = KnowledgeRules()
    conversations: ConversationRules = ConversationRules()
    nudge_ttl_seconds: Annotated[int, Field(ge=10, le=604_800)] = Field(
        86_400, description="Then an unseen nudge expires"
    )
    allowed_origins: tuple[Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/\s]+)$")], ...] = Field(
        (), description="Pages that may use the public key; empty allows any"
    )
    flags: dict[Annotated[str, StringConstraints(max_length=64)], bool | float | str] = Field(
        default_factory=dict, max_length=100
    )
    reasoner: Literal["default", "rules"] = Field("default", description="`rules` keeps this company off every LLM")

    def within(self, daily_budget_cents: float | None) -> "CompanyConfig":
        """Return this configuration with its budget cut to what the installation grants a company; None grants any."""
        if daily_budget_cents is None or self.llm.daily_budget_cents <= daily_budget_cents:
            return self
        return self.model_copy(update={"llm": LlmRules(daily_budget_cents=daily_budget_cents)})
