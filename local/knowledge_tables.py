"""What `knowledge` shows: tables and a progress bar for people, or the API's JSON for programs."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

Json = Mapping[str, Any]

TITLE_WIDTH = 48
"""Characters in a line of a title; a longer one goes on below."""
WIDEST = 10_000
"""Characters; wider than any row."""
_RUN_COLOURS = {"done": "green", "failed": "red", "cancelled": "yellow"}


class Screen:
    """Shows things on stdout; progress goes to stderr, so that stdout can be piped."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True)

    def sources(self, sources: Sequence[Json]) -> None:
        """Show a list of sources."""
        if self._as_json:
            self._dump(sources)
            return
        title = Column("title", max_width=TITLE_WIDTH)
        table = Table("id", "kind", title, "status", "documents", "chunks", "tags", box=None, pad_edge=False)
        for each in sources:
            numbers = (str(each["documents"]), str(each["chunks"]))
            row = (each["source_id"], each["kind"], each["title"], each["status"], *numbers, ", ".join(each["tags"]))
            table.add_row(*map(escape, row))
        if sources:
            self._print_whole(table)
        else:
            self._out.print("There are no sources yet: onboarding-agent knowledge add …")

    def source(self, source: Json, documents: Sequence[Json]) -> None:
        """Show one source with its documents and its last run."""
        if self._as_json:
            self._dump({**source, "items": documents})
            return
        self._out.print(f"[bold]{escape(source['title'])}[/bold]  {source['kind']}, {source['status']}")
        self._out.print(escape(source["location"] or ""))
        title = Column("document", max_width=TITLE_WIDTH)
        table = Table(title, "language", "chunks", "address", box=None, pad_edge=False)
        for each in documents:
            row = (each["title"], each["language"] or "–", str(each["chunks"]), each["url"] or "–")
            table.add_row(*map(escape, row))
        self._print_whole(table)
        if source["last_run"]:
            self.run(source["last_run"])

    def run(self, run: Json) -> None:
        """Show how a run stands or ended, and what could not be read."""
        if self._as_json:
            self._dump(run)
            return
        done, colour = run["progress"], _RUN_COLOURS.get(run["status"], "cyan")
        counts = f"{done['documents_done']} documents, {done['documents_unchanged']} unchanged; chunks: "
        counts += f"{done['chunks_added']} added, {done['chunks_kept']} kept, {done['chunks_removed']} removed"
        self._out.print(f"[{colour}]{run['status']}[/{colour}]  {counts}")
        if run["error"] and run["error"] not in {problem["code"] for problem in run["problems"]}:
            self._out.print(f"  {escape(run['error'])}: {escape(run['detail'] or '')}")
        for problem in run["problems"]:
            self._out.print(f"  {escape(problem['url'])}  {escape(problem['code'])}: {escape(problem['detail'])}")

    def passages(self, answer: Json) -> None:
        """Show what a search found, with the places that match."""
        if self._as_json:
            self._dump(answer)
            return
        for number, each in enumerate(answer["items"], 1):
            self._out.print(f"[bold]{number}. {escape(' › '.join(each['heading_path']))}[/bold]  {_scores(each)}")
            self._out.print(f"   {escape(each['url'] or each['document_title'])}", style="cyan")
            self._out.print(highlighted(each["text"], each["highlights"]))
            self._out.print(f"   {escape(each['attribution'])}\n" if each["attribution"] else "", style="dim")
        if not answer["items"]:
            self._out.print("Nothing was found.")
        elif not answer["answerability"]["is_answerable"]:
            self._out.print(f"Probably no answer among these (likelihood {answer['answerability']['score']:.2f}).")

    @contextmanager
    def following(self) -> Iterator[Callable[[Json], None]]:
        """Show a bar while a run goes on; the function that is yielded is told of each state."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("queued", total=None)

            def show(run: Json) -> None:
                done = run["progress"]
                why = f": {run['error']}" if run["status"] == "waiting" else ""
                total = done["documents_total"]
                bar.update(task, description=run["status"] + why, completed=done["documents_done"], total=total)

            yield show

    def _print_whole(self, table: Table) -> None:
        """Print a table as wide as its cells, however narrow the terminal: ids and addresses are there to be copied."""
        unbounded = self._out.options.update(width=WIDEST)
        table.width = self._out.measure(table, options=unbounded).maximum
        self._out.print(table)

    def _dump(self, value: Any) -> None:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def highlighted(text: str, ranges: Sequence[Sequence[int]]) -> Text:
    """Return a text with its matching ranges marked; ranges are half-open, in characters."""
    shown = Text(text)
    for start, end in ranges:
        shown.stylize("bold yellow", start, end)
    shown.pad_left(3)
    return shown


def _scores(passage: Json) -> str:
    scores = {name: value for name, value in passage["scores"].items() if value is not None}
    return "[dim]" + " ".join(f"{name} {value:.3f}" for name, value in scores.items()) + "[/dim]"
