"""The demo's help centre is read in the background of a start, and found, in both languages."""

import time

import httpx2
import pytest

from tests.e2e.conftest import Launch

pytestmark = pytest.mark.slow


def test_the_help_centre_of_the_demo_can_be_searched_and_its_links_lead_to_it(start: Launch) -> None:
    product = start("--demo")
    deadline = time.monotonic() + 120
    while (source := product.get("/api/v1/knowledge/sources")["items"][0])["status"] != "ready":
        assert source["status"] != "failed", source["last_run"]
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert source["documents"] >= 15
    assert source["last_run"]["problems"] == []

    for question, language, words in (
        ("Where do I find the key of my CRM?", "en", "Developers"),
        ("كيف أرسل دعوة إلى فريقي", "ar", "دعوة"),
    ):
        found = product.get("/api/v1/knowledge/search", q=question, language=language, k=3)["items"]
        assert any(words in passage["text"] + " ".join(passage["heading_path"]) for passage in found), found
        page = httpx2.get(found[0]["url"])
        assert page.status_code == 200
        assert f'lang="{language}"' in page.text
