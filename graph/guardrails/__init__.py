"""Guards: named rules on what users say and on what the agent says, each with the action that follows."""

from graph.guardrails.endpoint import EndpointModerator, moderator_for
from graph.guardrails.inbound import inspect_message
from graph.guardrails.judgement import Judged
from graph.guardrails.moderation import Moderator, moderate
from graph.guardrails.outbound import SentenceGuard

__all__ = [
    "EndpointModerator",
    "Judged",
    "Moderator",
    "SentenceGuard",
    "inspect_message",
    "moderate",
    "moderator_for",
]
