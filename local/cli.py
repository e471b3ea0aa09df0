"""The command line, `onboarding-agent …`. Each command imports what it runs only then, so that all start fast."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from core import logs
from core.errors import ProductError
from core.settings import LogSettings, SecuritySettings, StoreSettings, load
from local.deadletters import app as dead_letters
from local.knowledge_eval import app as knowledge

ABOUT = "Notices when a new user of your product is stuck, coaches them in place, and calls a person when that fails."
app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(knowledge, name="knowledge")


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"onboarding-agent {version('onboarding-agent')}")
        raise typer.Exit


@app.callback(help=ABOUT)
def everything(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


class Role(StrEnum):
    """What a consumer process does."""

    EVENTS = "events"
    TURNS = "turns"
    NOTIFICATIONS = "notifications"
    JOBS = "jobs"
    ALL = "all"


def _run(process: str, work: Callable[[], int | None]) -> None:
    """Run a command: logging set up, and a failure that we can name shown as one line with exit code 1."""
    try:
        settings = load(LogSettings)
        logs.configure(process, level=settings.log_level, form=settings.log_format)
        code = work()
    except ProductError as error:
        sys.stderr.write(f"onboarding-agent: {error}\n")
        raise typer.Exit(1) from None
    raise typer.Exit(code or 0)


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Also run a small product to click through.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")] = 8000,
    ws_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the WebSocket gateway.")] = 8001,
    demo_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the demo product.")] = 8002,
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path(".data"),
    simulate: Annotated[int, typer.Option(min=0, max=10_000, help="Synthetic users to send through.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run everything on this machine."""
    from local.up import UpOptions
    from local.up import up as run_all

    os.environ.setdefault("LOG_FORMAT", "console")  # people read what `up` writes, and its parts inherit the choice
    options = UpOptions(data.resolve(), host, port, ws_port, demo_port, demo, simulate)
    _run("supervisor", lambda: asyncio.run(run_all(options)))


@app.command()
def api() -> None:
    """Run the HTTP API."""
    from ingest_api.server import run

    _run("api", run)


@app.command()
def gateway() -> None:
    """Run the WebSocket gateway."""
    from ws_gateway.server import run

    _run("gateway", run)


@app.command()
def consumer(
    role: Annotated[list[Role] | None, typer.Option(help="What this process does; may be repeated.")] = None,
) -> None:
    """Run a stream consumer."""
    from stream_consumer.worker import run

    asked = role or [Role.ALL]
    roles = [each for each in Role if each is not Role.ALL] if Role.ALL in asked else asked
    _run("consumer", lambda: run([each.value for each in roles]))


@app.command()
def migrate() -> None:
    """Create or update the tables. Uses DATABASE_ADMIN_URL when it is set."""
    from local.schema import migrate_all

    def work() -> None:
        settings = load(StoreSettings)
        product_url = settings.database_url.get_secret_value()
        admin_url = settings.database_admin_url
        migrate_all(admin_url.get_secret_value() if admin_url else product_url, product_url)

    _run("migrate", work)


@app.command()
def create_company(
    name: Annotated[str, typer.Argument(help="Name of the company.")],
    admin_email: Annotated[str | None, typer.Option(help="Login of its owner; made up when left out.")] = None,
    admin_password: Annotated[
        str | None, typer.Option(envvar="ADMIN_PASSWORD", help="Of its owner; made up when left out.")
    ] = None,
) -> None:
    """Found a company and print its keys, once, as one JSON line."""
    import json

    from local.founding import found_company

    def work() -> None:
        url = load(StoreSettings).database_url.get_secret_value()
        secret = load(SecuritySettings).secret_key.get_secret_value()
        founding = found_company(
            url, secret, name, datetime.now(UTC), admin_email=admin_email, admin_password=admin_password
        )
        typer.echo(json.dumps(asyncio.run(founding).credentials()))

    _run("create-company", work)


@app.command()
def doctor() -> None:
    """Check the configuration, the stores and the LLM, and say how to mend what is wrong."""
    from local.doctor import examine

    _run("doctor", lambda: asyncio.run(examine(typer.echo)))


@app.command()
def simulate(
    count: Annotated[int, typer.Argument(min=1, max=10_000, help="Synthetic users.")],
    api_url: Annotated[str, typer.Option(envvar="SIMULATE_API_URL", help="Origin of the API.")],
    public_key: Annotated[str, typer.Option(envvar="SIMULATE_PUBLIC_KEY", help="Public key of the company.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same users.")] = 0,
) -> None:
    """Send synthetic users through: some succeed, some get stuck in different ways."""
    from local.simulate import simulate as run_users

    def work() -> None:
        report = asyncio.run(run_users(count, api_url, public_key, now=datetime.now(UTC), seed=seed))
        logging.getLogger(__name__).info("simulation done", extra={"report": str(report)})

    _run("simulate", work)


@app.command()
def settings() -> None:
    """Print the table of all settings as Markdown."""
    from local.reference import settings_table

    typer.echo(settings_table())


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the API as JSON."""
    import json

    from ingest_api.app import openapi_document

    typer.echo(json.dumps(openapi_document(), indent=2))


@app.command(hidden=True)
def wire() -> None:
    """Print what travels between page and servers as JSON Schema; the SDK's types are made of it."""
    import json

    from local.wire import wire_schema

    typer.echo(json.dumps(wire_schema(), indent=2))


if __name__ == "__main__":
    app()
