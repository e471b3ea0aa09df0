"""What `knowledge` shows in a narrow terminal or a pipe: nothing that is there to be copied is cut."""

from typing import Any

import pytest
from typer.testing import CliRunner

from core.ids import new_id
from local.cli import app
from local.knowledge_tables import Screen

RUN = {
    "status": "failed",
    "error": "bad_rows",
    "detail": "1 row makes no question and answer: row 3 (answer missing).",
    "problems": [
        {"url": "faq.csv", "code": "bad_rows", "detail": "1 row makes no question and answer: row 3 (answer missing)."}
    ],
    "progress": dict.fromkeys(
        ("documents_done", "documents_unchanged", "chunks_added", "chunks_kept", "chunks_removed"), 0
    ),
}


def source(**changes: Any) -> dict[str, Any]:
    return {
        "source_id": new_id(), "kind": "sitemap", "title": "T" * 120, "location": "https://help.example.com/",
        "status": "ingesting", "documents": 1234, "chunks": 56789, "tags": ["help", "billing"], "last_run": RUN,
        **changes,
    }  # fmt: skip


def passage() -> dict[str, Any]:
    return {
        "heading_path": ["Guide"], "scores": {"fused": 0.5, "vector": None}, "url": None, "document_title": "Guide",
        "text": "The words", "highlights": [[4, 9]], "attribution": None,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_list_shows_every_id_whole(capsys: pytest.CaptureFixture[str]) -> None:
    sources = [source(), source(title="Short")]
    Screen(False).sources(sources)
    lines = capsys.readouterr().out.splitlines()
    for each in sources:
        [line] = [line for line in lines if line.startswith(f"{each['source_id']} ")]
        assert "ingesting" in line
        assert "help, billing" in line


def test_a_source_shows_addresses_whole_and_which_rows_are_bad(capsys: pytest.CaptureFixture[str]) -> None:
    address = "https://help.example.com/articles/" + "x" * 90
    Screen(False).source(source(), [{"title": "D", "language": None, "chunks": 3, "url": address}])
    shown = capsys.readouterr().out
    assert address in shown
    assert shown.count("row 3 (answer missing)") == 1


@pytest.mark.parametrize(("is_answerable", "count"), [(False, 1), (True, 0)])
def test_a_search_says_when_nothing_is_likely_an_answer(
    capsys: pytest.CaptureFixture[str], is_answerable: bool, count: int
) -> None:
    told = {"score": 0.125, "is_answerable": is_answerable}
    Screen(False).passages({"query": "q", "answerability": told, "items": [passage()]})
    assert capsys.readouterr().out.count("Probably no answer among these (likelihood 0.12).") == count


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "localhost:8000", "ftp://h", "http://", "", "http://h:x"])
def test_an_api_url_that_is_none_names_the_variable(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ONBOARDING_API_KEY", "sk_1")
    refused = CliRunner().invoke(app, ["knowledge", "list", "--api-url", url])
    assert refused.exit_code == 1
    assert refused.stderr == (
        "onboarding-agent: ONBOARDING_API_URL (--api-url): must be a URL that begins with http:// or https://\n"
    )
