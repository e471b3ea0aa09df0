"""The command line's `knowledge eval`: how well the knowledge base answers a file of questions, asked over the API."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import InvalidRequest, ProductError
from core.passages import Passage, Scores
from local.knowledge import ApiUrl, AsJson, Key, app

if TYPE_CHECKING:  # imported where the command runs: the command line should start fast
    from knowledge.evaluation import Case, Outcome, Report
    from local.api_client import Api

__all__ = ["app"]

File = Annotated[
    Path,
    typer.Argument(
        help="JSON lines, or CSV, with `question` and what should be found: `url`, `source` (id or document title) or "
        "`passage` (text of it); none of them when nothing answers it. Optional: `language`, `tag`."
    ),
]


@app.command("eval")
def evaluate(file: File, api_url: ApiUrl, key: Key, as_json: AsJson = False) -> None:
    """Ask every question of a file; show recall@k, the mean reciprocal rank, and how well gaps are noticed."""
    try:
        report = _measure(file, api_url, key)
    except ProductError as refusal:
        typer.echo(f"onboarding-agent: {refusal}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _show(report)


def _measure(file: Path, api_url: str, key: str) -> "Report":
    from rich.console import Console
    from rich.progress import track

    from knowledge.evaluation import parse_cases, summarise
    from local.api_client import Api

    try:
        cases = parse_cases(file.read_bytes(), file.name)
    except OSError as error:
        raise InvalidRequest(f"{file}: {error.strerror}") from None
    with Api.open(api_url, key) as api:
        asked = track(cases, description="asking", console=Console(stderr=True), transient=True)
        return summarise([_ask(api, case) for case in asked])


def _ask(api: "Api", case: "Case") -> "Outcome":
    from knowledge.evaluation import DEPTH, judge

    wish = {"q": case.question, "k": DEPTH, "tags": case.tag, "language": case.language}
    return judge(case, [_passage(item) for item in api.get("/search", **wish)["items"]])


def _passage(item: dict[str, Any]) -> Passage:
    """Return a found passage as far as judging needs it."""
    return Passage(
        item["chunk_id"],
        item["source_id"],
        item["document_title"],
        tuple(item["heading_path"]),
        item["text"],
        Scores(**item["scores"]),
        url=item["url"],
    )


def _show(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("measure", "value", box=None, pad_edge=False)
    table.add_row("questions", f"{report.questions} ({report.answerable} with an answer)")
    for cut, share in (report.recall or {}).items():
        table.add_row(f"recall@{cut}", f"{share:.3f}")
    named = {"MRR": report.mrr, "answerable or not: accuracy": report.accuracy, "F1": report.f1, "AUC": report.auc}
    for name, value in named.items():
        table.add_row(name, "–" if value is None else f"{value:.3f}")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    for question in report.missed[:20]:
        console.print(f"not found: {question}", markup=False)
