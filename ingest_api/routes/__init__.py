"""The routes, one module per resource; thin: check, call a query function, answer."""

from typing import Final

from fastapi import APIRouter

from ingest_api.routes import (
    analytics,
    auth,
    chat,
    configuration,
    conversation,
    escalations,
    facts,
    handoffs,
    inbox,
    ingestions,
    keys,
    knowledge,
    notifications,
    operations,
    playbooks,
    recommendations,
    sdk,
    tokens,
    tool_calls,
    tools,
    users,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    tokens.router,
    configuration.router,
    facts.router,
    users.router,
    escalations.router,
    notifications.router,
    knowledge.router,
    ingestions.router,
    conversation.router,
    inbox.router,
    handoffs.router,
    chat.router,
    recommendations.router,
    playbooks.router,
    tools.router,
    tool_calls.router,
    analytics.router,
    keys.router,
    auth.router,
    sdk.router,
    operations.router,
)
