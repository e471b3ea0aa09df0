"""Seeds the demo company the way a customer would: over the HTTP API, with its secret key."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient

_DEMO = Path(__file__).parent / "demo"
_PLAYBOOKS = "/api/v1/playbooks"
_SOURCES = "/api/v1/knowledge/sources"
_HELP_TITLE = "Curlewfield help centre"
_READ_SECONDS = 20.0
_POLL_SECONDS = 0.25


async def seed_demo(api_url: str, secret_key: str) -> None:
    """Store the demo's baseline, configuration, suggestions; raises httpx2.HTTPStatusError where the API refuses."""
    async with AsyncClient(base_url=api_url, headers={"X-API-Key": secret_key}, timeout=20) as client:
        for path, file in (("/api/v1/baselines", "baseline.json"), ("/api/v1/config", "config.json")):
            response = await client.post(path, json=json.loads((_DEMO / file).read_text()))
            response.raise_for_status()
        support = (await client.get(f"{_PLAYBOOKS}/support")).raise_for_status().json()["definition"]
        suggestions = json.loads((_DEMO / "suggestions.json").read_text())
        (await client.post(_PLAYBOOKS, json={**support, "suggestions": suggestions})).raise_for_status()


async def offer_help(api_url: str, secret_key: str, demo_url: str) -> None:
    """Make the demo's help centre a knowledge source, and wait for a while until it has been read.

    Whoever opens the chat at once is then answered from it; a reading that takes longer goes on in the background. The
    demo may have moved to another port since the last start: then the source of the old addresses goes. Raises
    httpx2.HTTPStatusError when the API refuses.
    """
    location = f"{demo_url}/help/sitemap.xml"
    async with AsyncClient(base_url=api_url, headers={"X-API-Key": secret_key}, timeout=20) as client:
        listed = await _sources(client)
        ours = [source for source in listed if source["title"] == _HELP_TITLE]
        for source in ours:
            if source["location"] != location:
                (await client.delete(f"{_SOURCES}/{source['source_id']}")).raise_for_status()
        current = next((source for source in ours if source["location"] == location), None)
        if current is None:
            new = {"kind": "sitemap", "location": location, "title": _HELP_TITLE, "tags": ["help"]}
            (await client.post(_SOURCES, json=new)).raise_for_status()
        elif current["status"] == "failed":
            (await client.post(f"{_SOURCES}/{current['source_id']}/ingest", json={})).raise_for_status()
        with suppress(TimeoutError):
            async with asyncio.timeout(_READ_SECONDS):
                while await _is_being_read(client, location):  # noqa: ASYNC110 - another process reads
                    await asyncio.sleep(_POLL_SECONDS)


async def _is_being_read(client: AsyncClient, location: str) -> bool:
    listed = await _sources(client)
    return any(one["location"] == location and one["status"] not in ("ready", "failed") for one in listed)


async def _sources(client: AsyncClient) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (
        (await client.get(_SOURCES, params={"limit": 500})).raise_for_status().json()["items"]
    )
    return listed
