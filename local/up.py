"""`onboarding-agent up`: the whole product on this machine, from an empty directory to the ready line.

Stores come first (embedded unless `DATABASE_URL` / `REDIS_URL` are set), then the schema, the company, the parts, and
with `--demo` a small product to click through.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from core import redis, settings
from core.errors import ProductError, SettingsError, Unavailable
from core.tasks import end
from knowledge.embedding.chain import check_embedders
from knowledge.settings import EmbeddingSettings
from local.configuration import GROUPS
from local.installation import Company, Installation
from local.occupancy import occupied
from local.parts import Addresses, demo_part, product_environment, product_parts, program, redis_part
from local.ports import claim_port
from local.supervisor import Part, PartFailed, Supervisor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What the command line asked for. `data` is absolute; a port of 0 takes any free one."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    ws_port: int = 8001
    demo_port: int = 8002
    demo: bool = False
    simulate: int = 0


def claim_addresses(options: UpOptions) -> Addresses:
    """Return the ports to use; raises SettingsError when one that was asked for is taken."""
    return Addresses(
        host=options.host,
        api=claim_port(options.host, options.port, "--port"),
        gateway=claim_port(options.host, options.ws_port, "--ws-port"),
        demo=claim_port(options.host, options.demo_port, "--demo-port") if options.demo else 0,
        events=claim_port(options.host, 0, "--port"),
        turns=claim_port(options.host, 0, "--port"),
    )


async def up(options: UpOptions) -> int:
    """Run until SIGINT or SIGTERM; returns the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        try:
            starting = asyncio.create_task(_start_all(options, stack))
            await _first(starting, stop)
            if not stop.is_set():
                print(json.dumps(await starting), flush=True)  # noqa: T201 - the ready line is this command's output
                await stop.wait()
        except (PartFailed, ProductError) as error:
            sys.stderr.write(f"onboarding-agent: {error}\n")
            return 1
    return 0


async def _first(starting: asyncio.Task[dict[str, Any]], stop: asyncio.Event) -> None:
    """Wait for the start or for the signal to stop, whichever comes first; the loser is cancelled."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await end((stopping, starting) if stop.is_set() else (stopping,))


async def _start_all(options: UpOptions, stack: contextlib.AsyncExitStack) -> dict[str, Any]:
    _check_settings()
    addresses = claim_addresses(options)
    stack.enter_context(occupied(options.data))
    installation = _remember(options.data)
    supervisor = Supervisor()
    database_url = await _start_postgres(options.data, stack)
    stack.push_async_callback(supervisor.stop)
    redis_url = await _start_redis(options.data, supervisor)
    company, is_new = await _prepare(options, installation, database_url)
    environment = product_environment(addresses, database_url, redis_url, installation.secret_key)
    await asyncio.gather(*(supervisor.start(part) for part in product_parts(addresses, environment)))
    if options.demo:
        await _start_demo(addresses, company, supervisor, seed=is_new)
    if options.simulate:
        await supervisor.start(_simulation(options.simulate, addresses, company, environment))
    if options.demo:
        log.info("open the demo in a browser; Ctrl-C stops everything", extra={"demo": addresses.demo_url})
    return ready_line(addresses, company, demo=options.demo)


def _check_settings() -> None:
    """Raise SettingsError for what would end a part again and again, so that it is told now."""
    for group in GROUPS:
        if group is not settings.StoreSettings and group is not settings.SecuritySettings:
            settings.load(group)
    llm = settings.load(settings.LlmSettings)
    settings.check_providers(llm)
    check_embedders(settings.load(EmbeddingSettings), llm)


def _remember(data: Path) -> Installation:
    try:
        installation = Installation.read(data)
        installation.write(data)
    except OSError as error:
        raise SettingsError(f"--data {data}: {error.strerror}") from None
    return installation


async def _start_postgres(data: Path, stack: contextlib.AsyncExitStack) -> str:
    if given := settings.load(settings.GivenSettings).database_url:
        return given.get_secret_value()
    from local.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(data / "postgres")
    stack.push_async_callback(asyncio.to_thread, server.stop)
    url = await asyncio.to_thread(server.start)
    stack.enter_context(_background(_keep_alive(server.is_running, server.revive)))
    return url


async def _keep_alive(is_running: Callable[[], bool], revive: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(0.5)
        if not await asyncio.to_thread(is_running):
            log.warning("part ended", extra={"part": "postgres", "restart_in_seconds": 0})
            try:
                await asyncio.to_thread(revive)
            except Exception:  # the server's own launcher raises many kinds; whatever it was, we try again
                log.exception("postgres could not be started; trying again")


@contextlib.contextmanager
def _background(work: Any) -> Any:
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield
    finally:
        task.cancel()


async def _start_redis(data: Path, supervisor: Supervisor) -> str:
    if given := settings.load(settings.GivenSettings).redis_url:
        await _check_redis(given.get_secret_value())
        return given.get_secret_value()
    socket = socket_path(data)
    await supervisor.start(redis_part(data / "redis", socket))
    return f"unix://{socket}"


async def _check_redis(url: str) -> None:
    """Raise Unavailable when nothing answers there: parts wait for a Redis that is away, people should be told."""
    client = redis.connect(url, pool_size=1, name="supervisor")
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        raise Unavailable(f"REDIS_URL: Redis cannot be reached: {error}") from None
    finally:
        await client.aclose()


def socket_path(data: Path) -> Path:
    """Return where the embedded Redis listens: beside its data, or in tmp where that path is too long for a socket."""
    beside = data / "redis" / "redis.sock"
    if len(str(beside)) < 100:
        return beside
    digest = sha256(str(beside).encode()).hexdigest()[:16]
    directory = Path(tempfile.gettempdir()) / f"onboarding-agent-{os.getuid()}-{digest}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory / "redis.sock"


async def _prepare(options: UpOptions, installation: Installation, database_url: str) -> tuple[Company, bool]:
    """Bring the schema up to date and return the company, founding it the first time."""
    from local.founding import found_company, is_known
    from local.schema import migrate_all

    admin_url = settings.load(settings.GivenSettings).database_admin_url
    await asyncio.to_thread(migrate_all, admin_url.get_secret_value() if admin_url else database_url, database_url)
    if installation.company is not None:
        if await is_known(database_url, installation.company.company_id):
            return installation.company, False
        log.warning("this database does not hold the company remembered here; founding another")
        installation.set_aside(options.data)
    name = "Curlewfield" if options.demo else "My company"
    company = await found_company(database_url, installation.secret_key, name, datetime.now(UTC))
    replace(installation, company=company).write(options.data)
    return company, True


async def _start_demo(addresses: Addresses, company: Company, supervisor: Supervisor, *, seed: bool) -> None:
    from local.seeding import offer_help, seed_demo

    work: list[Awaitable[None]] = [supervisor.start(demo_part(addresses, company))]
    if seed:
        work.append(seed_demo(addresses.api_url, company.secret_key))
    await asyncio.gather(*work)
    await offer_help(addresses.api_url, company.secret_key, addresses.demo_url)


def _simulation(count: int, addresses: Addresses, company: Company, environment: dict[str, str]) -> Part:
    own = {**environment, "SIMULATE_API_URL": addresses.api_url, "SIMULATE_PUBLIC_KEY": company.public_key}
    return Part("simulation", program("simulate", str(count)), own, once=True)


def ready_line(addresses: Addresses, company: Company, *, demo: bool) -> dict[str, Any]:
    """Return what is printed once all parts answer (CONTRACT: the ready line)."""
    return {
        "ready": True,
        "api": addresses.api_url,
        "ws": addresses.ws_url,
        "demo": addresses.demo_url if demo else None,
        "dashboard": None,
        **company.credentials(),
    }
