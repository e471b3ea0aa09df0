"""The command line's `knowledge`: add, look at, read again and delete sources, and search, over the API.

Works from any machine that reaches the API: give `--api-url` and `--key`, or set ONBOARDING_API_URL and
ONBOARDING_API_KEY. `--json` prints what the API answers instead of tables.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import InvalidRequest, ProductError

if TYPE_CHECKING:  # imported where a command runs: the command line should start fast
    from local.api_client import Api
    from local.knowledge_tables import Screen

app = typer.Typer(no_args_is_help=True, help="What the agent may answer from: sources of knowledge, and search.")

POLL_SECONDS = 0.5

ApiUrl = Annotated[str, typer.Option(envvar="ONBOARDING_API_URL", help="Origin of the API.")]
Key = Annotated[str, typer.Option(envvar="ONBOARDING_API_KEY", help="Secret key of the company.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Wait = Annotated[bool, typer.Option(help="Wait until it has been read, and show how far it is.")]
SourceId = Annotated[str, typer.Argument(help="Id of the source.")]


@dataclass(frozen=True, slots=True)
class _Session:
    api: "Api"
    screen: "Screen"


@contextmanager
def _session(api_url: str, key: str, as_json: bool) -> Iterator[_Session]:
    """Open a connection to the API; what it refuses is told in one line with exit code 1."""
    from local.api_client import Api
    from local.knowledge_tables import Screen

    try:
        with Api.open(api_url, key) as api:
            yield _Session(api, Screen(as_json))
    except ProductError as refusal:
        typer.echo(f"onboarding-agent: {refusal}", err=True)
        raise typer.Exit(1) from None


@app.command()
def add(
    what: Annotated[str, typer.Argument(help="A file, the address of a page, or of a sitemap (…/sitemap.xml).")],
    api_url: ApiUrl,
    key: Key,
    title: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option(help="Two letters, when all of it is in one language.")] = None,
    sitemap: Annotated[bool | None, typer.Option(help="Whether the address is that of a sitemap.")] = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Add a source and read it."""
    with _session(api_url, key, as_json) as session:
        if what.startswith(("http://", "https://")):
            is_sitemap = what.partition("?")[0].endswith((".xml", ".xml.gz")) if sitemap is None else sitemap
            body: dict[str, Any] = {"kind": "sitemap" if is_sitemap else "url", "location": what, "tags": tag or []}
            body |= {"title": title, "language": language}
            source = session.api.post("/sources", json=body)
        else:
            source = _upload(session.api, Path(what), title, tag or [], language)
        _finish(session, source["last_run"], wait=wait)


@app.command("list")
def list_sources(api_url: ApiUrl, key: Key, as_json: AsJson = False) -> None:
    """Show all sources."""
    with _session(api_url, key, as_json) as session:
        session.screen.sources(list(session.api.pages("/sources")))


@app.command()
def show(source_id: SourceId, api_url: ApiUrl, key: Key, as_json: AsJson = False) -> None:
    """Show one source: its documents, its last run, and what could not be read."""
    with _session(api_url, key, as_json) as session:
        source = session.api.get(f"/sources/{source_id}")
        session.screen.source(source, list(session.api.pages(f"/sources/{source_id}/documents")))


@app.command()
def ingest(
    source_id: SourceId,
    api_url: ApiUrl,
    key: Key,
    allow_loss: Annotated[bool, typer.Option(help="Publish even if more than half of the documents go.")] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Read a source again: what changed is replaced, what is gone goes."""
    with _session(api_url, key, as_json) as session:
        run = session.api.post(f"/sources/{source_id}/ingest", json={"allow_loss": allow_loss})
        _finish(session, run, wait=wait)


@app.command()
def delete(source_id: SourceId, api_url: ApiUrl, key: Key) -> None:
    """Delete a source; from then on no search finds it."""
    with _session(api_url, key, False) as session:
        session.api.delete(f"/sources/{source_id}")
        typer.echo(f"deleted {source_id}")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="A question, or words.")],
    api_url: ApiUrl,
    key: Key,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="Passages at most.")] = 5,
    tag: Annotated[list[str] | None, typer.Option(help="Of sources with this tag; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option(help="Of this language alone (two letters).")] = None,
    as_json: AsJson = False,
) -> None:
    """Search, and show the passages with what matched and how they were ranked."""
    with _session(api_url, key, as_json) as session:
        wish = {"q": query, "k": k, "tags": tag, "language": language}
        session.screen.passages(session.api.get("/search", **wish))


def _upload(api: "Api", path: Path, title: str | None, tags: list[str], language: str | None) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from None
    fields = {"title": title or "", "tags": ",".join(tags), "language": language or ""}
    source: dict[str, Any] = api.post("/sources", files={"file": (path.name, content)}, data=fields)
    return source


def _finish(session: _Session, run: dict[str, Any], *, wait: bool) -> None:
    """Follow a run to its end, if asked, and show how it ended; exit code 2 when it failed."""
    if wait:
        with session.screen.following() as show_progress:
            while run["status"] in ("queued", "running", "waiting"):
                show_progress(run)
                time.sleep(POLL_SECONDS)
                run = session.api.get(f"/runs/{run['run_id']}")
    session.screen.run(run)
    if run["status"] in ("failed", "cancelled"):
        raise typer.Exit(2)
