"""`onboarding-agent knowledge` as a person uses it: a real API, a real jobs process, and the local embedding model."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from local.cli import app
from local.installation import Company
from tests.ingest_api.conftest import Process

pytestmark = pytest.mark.slow(seconds=12)

FIXTURES = Path(__file__).parent.parent / "knowledge" / "fixtures"
GUIDE = """# Connect your CRM

## Find your API key

Open Settings, then Developers. A live key begins with crm_live_ and has 33 characters.

## Invite your team

An invitation works for 7 days and can be used once.
"""


@pytest.fixture
def product(environment: dict[str, str], company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """The API and the jobs role, each a process, and an environment that leads to them."""
    chosen = {**environment, "ONBOARDING_VECTOR_BACKEND": "postgres_array"}
    api = Process(chosen)
    command = [sys.executable, "-c", "from stream_consumer import worker; worker.run(['jobs'])"]
    with subprocess.Popen(command, env=chosen, stderr=subprocess.DEVNULL) as jobs:
        monkeypatch.setenv("ONBOARDING_API_URL", api.url)
        monkeypatch.setenv("ONBOARDING_API_KEY", company.secret_key)
        monkeypatch.setenv("COLUMNS", "200")
        yield company
        jobs.terminate()
        assert jobs.wait(60) == 0
    api.stop()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["knowledge", *arguments])


def told(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_what_a_person_does_with_knowledge(product: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One story, since the two processes take longer to start than all of it."""
    a_document_goes_from_file_to_passage_and_away(tmp_path)
    questions_measure_what_was_added(tmp_path)
    what_cannot_be_done_is_one_line(tmp_path, monkeypatch)


def a_document_goes_from_file_to_passage_and_away(tmp_path: Path) -> None:
    assert "There are no sources yet" in run("list").output
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)

    added = run("add", str(guide), "--title", "CRM guide", "--tag", "crm", "--tag", "setup")
    assert added.exit_code == 0, added.output
    assert "done  1 documents" in added.stdout

    [source] = told("list")
    assert (source["title"], source["tags"], source["status"]) == ("CRM guide", ["crm", "setup"], "ready")
    assert "CRM guide" in run("list").output
    shown = run("show", source["source_id"]).output
    assert "Connect your CRM" in shown
    assert "chunks: " in shown

    answer = told("search", "where is the api key?", "-k", "1")
    assert "crm_live_" in answer["items"][0]["text"]
    assert answer["items"][0]["heading_path"][-1] == "Find your API key"
    text = run("search", "where is the api key?", "--tag", "crm").output
    assert "Find your API key" in text
    assert "fused 0." in text
    assert told("search", "api key", "--tag", "other")["items"] == []

    again = told("ingest", source["source_id"])
    assert (again["status"], again["progress"]["documents_unchanged"]) == ("done", 1)

    assert run("delete", source["source_id"]).exit_code == 0
    assert told("list") == []
    assert told("search", "api key")["items"] == []


def what_cannot_be_done_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run("add", str(FIXTURES / "encrypted.pdf"))
    assert failed.exit_code == 2
    assert "failed" in failed.stdout
    assert failed.stdout.count("encrypted_document") == 1

    for arguments, words in (
        (("add", str(tmp_path / "missing.md")), "No such file"),
        (("show", "0193a5b0-0000-7000-8000-000000000001"), "not_found"),
        (("add", "https://user:secret@help.example.com/"), "user name"),
        (("search", " "), "invalid_request"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 1, arguments
        assert words in refused.stderr, refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1

    monkeypatch.setenv("ONBOARDING_API_KEY", "sk_wrong")
    assert "unauthenticated" in run("list").stderr
    monkeypatch.setenv("ONBOARDING_API_URL", "http://127.0.0.1:9")
    assert "the API cannot be reached" in run("list").stderr


def questions_measure_what_was_added(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)
    assert run("add", str(guide), "--title", "CRM guide").exit_code == 0
    questions = tmp_path / "questions.csv"
    questions.write_text(
        "question,passage,source\n"
        "Where do I find my API key?,A live key begins with,\n"
        "How many days does an invitation work?,An invitation works,Connect your CRM\n"
        "How many days does an invitation work?,words that stand nowhere,\n"
        "Which wines go with fish in Portugal?,,\n"
    )
    report = told("eval", str(questions))
    assert (report["questions"], report["answerable"]) == (4, 3)
    assert report["recall"] == pytest.approx({"1": 2 / 3, "3": 2 / 3, "5": 2 / 3, "10": 2 / 3})
    assert report["mrr"] == pytest.approx(2 / 3)
    assert report["missed"] == ["How many days does an invitation work?"]
    assert (report["accuracy"], report["auc"]) == (1.0, 1.0)

    table = run("eval", str(questions))
    assert table.exit_code == 0, table.output
    for shown in ("recall@1", "0.667", "MRR", "AUC", "not found: How many days"):
        assert shown in table.stdout

    for content, words in (("question\n,\n", "question"), ("", "name the columns")):
        questions.write_text(content)
        refused = run("eval", str(questions))
        assert refused.exit_code == 1
        assert words in refused.stderr
    assert "No such file" in run("eval", str(tmp_path / "none.csv")).stderr
