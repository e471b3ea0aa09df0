"""Health, readiness and metrics: for whoever runs the service."""

import asyncio
from collections.abc import Awaitable
from typing import Final, Literal

from fastapi import APIRouter, Response

from ingest_api.deps import ServicesOf
from ingest_api.schemas import Readiness
from ingest_api.telemetry import CONTENT_TYPE

CHECK_SECONDS: Final = 2.0
"""A store that takes longer counts as away."""

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Does the process live?")
async def live() -> dict[str, Literal["ok"]]:
    """Answer 200 while the process can answer at all; asks nothing of the stores."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Do the stores answer?",
    responses={503: {"model": Readiness, "description": "A store is away; events may still be accepted."}},
)
async def ready(services: ServicesOf, response: Response) -> Readiness:
    """Ask PostgreSQL and Redis; 503 names the one that does not answer."""
    redis, postgres = await asyncio.gather(_check(services.redis.ping()), _check(services.database.ping()))
    if redis == postgres == "ok":
        return Readiness(status="ready", checks={"redis": redis, "postgresql": postgres})
    response.status_code = 503
    return Readiness(status="not_ready", checks={"redis": redis, "postgresql": postgres})


async def _check(ping: Awaitable[object]) -> Literal["ok", "unavailable"]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await ping
    except Exception:  # whatever is wrong with a store, it is not ready
        return "unavailable"
    return "ok"


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(services: ServicesOf) -> Response:
    """Return the metrics of this process, or of all API processes of this machine when there are several."""
    return Response(services.telemetry.render(), media_type=CONTENT_TYPE)
