"""What a company sets for masking and guards, over the API: kept as it was given, and refused when it cannot work."""

import httpx2
import pytest

from local.installation import Company
from tests.ingest_api.test_events import problem


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


async def test_patterns_topics_and_hotlines_are_kept(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    rules = {
        "pii_patterns": [{"name": "CONTRACT", "pattern": r"\bCT-\d{6}\b"}],
        "out_of_scope": ["medical advice"],
        "hotlines": {"en": "Call 116 123.", "ar-EG": "اتصل على ٠٨٠٠٨٨٨٠٧٠٠"},
    }
    answer = await client.post("/api/v1/config", json={"conversations": rules}, headers=headers)
    assert answer.status_code == 200
    stored = (await client.get("/api/v1/config", headers=headers)).json()["config"]["conversations"]
    assert {name: stored[name] for name in rules} == rules


@pytest.mark.parametrize("pattern", [r"(?<=x)y", r"(a)\1", "[", "x*", "", "y{1001}", "a" * 301])
async def test_a_pattern_that_cannot_work_is_refused_with_its_place(
    client: httpx2.AsyncClient, headers: dict[str, str], pattern: str
) -> None:
    fine = {"name": "FINE", "pattern": "abc"}
    patch = {"conversations": {"pii_patterns": [fine, {"name": "BAD", "pattern": pattern}]}}
    body = problem(await client.post("/api/v1/config", json=patch, headers=headers), 422, "invalid_request")
    assert any("pii_patterns" in str(error) and "1" in str(error) for error in body["errors"])
    assert (await client.get("/api/v1/config", headers=headers)).json()["version"] == 0
