"""Seeds the demo company the way a customer would: over the HTTP API, with its secret key."""

import json
from pathlib import Path

from httpx2 import AsyncClient

_DEMO = Path(__file__).parent / "demo"


async def seed_demo(api_url: str, secret_key: str) -> None:
    """Store the demo's baseline and configuration; raises httpx2.HTTPStatusError when the API refuses them."""
    async with AsyncClient(base_url=api_url, headers={"X-API-Key": secret_key}, timeout=20) as client:
        for path, file in (("/api/v1/baselines", "baseline.json"), ("/api/v1/config", "config.json")):
            response = await client.post(path, json=json.loads((_DEMO / file).read_text()))
            response.raise_for_status()
