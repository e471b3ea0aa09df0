"""Founding companies: by the command line with nothing but a name, and by `up` in a database that has some already."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from typer.testing import CliRunner

from core.errors import Conflict
from local.cli import app
from local.founding import OWNER, found_company, is_known
from local.installation import Company
from tests.conftest import found

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def create_company(environment: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a script would: nobody is there to answer a question."""
    command = [sys.executable, "-m", "local.cli", "create-company", *arguments]
    return subprocess.run(
        command,
        env=environment | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_name_is_enough_and_the_answer_is_one_json_line(database_url: str, environment: dict[str, str]) -> None:
    made = [create_company(environment, name) for name in ("Acme", "Rival")]
    first, second = (json.loads(done.stdout) for done in made)

    assert [done.stdout.count("\n") for done in made] == [1, 1]
    assert first["public_key"].startswith("pk_")
    assert first["secret_key"].startswith("sk_")
    assert first["admin"]["email"] == OWNER != second["admin"]["email"]
    assert first["admin"]["password"] != second["admin"]["password"]
    assert asyncio.run(is_known(database_url, second["company_id"]))
    with psycopg.connect(database_url) as connection:
        names = connection.execute("SELECT name FROM companies ORDER BY company_id").fetchall()
    assert names == [("Acme",), ("Rival",)]


def test_the_owner_may_be_named(environment: dict[str, str]) -> None:
    options = ("Acme", "--admin-email", "Eva@acme.example")
    made = create_company(environment, *options, ADMIN_PASSWORD="correct horse")
    assert json.loads(made.stdout)["admin"] == {"email": "Eva@acme.example", "password": "correct horse"}

    again = create_company(environment, *options)
    assert again.returncode == 1
    assert again.stderr.startswith("onboarding-agent: ")
    assert again.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_senseless_name_is_told_in_one_line(environment: dict[str, str], name: str) -> None:
    refused = CliRunner().invoke(app, ["create-company", name], env=environment)
    assert refused.exit_code == 1
    assert refused.stderr == "onboarding-agent: The name of a company has 1 to 200 characters.\n"


def test_an_address_that_was_named_is_never_replaced(database_url: str, secret_key: str, company: Company) -> None:
    with pytest.raises(Conflict):
        asyncio.run(found_company(database_url, secret_key, "Acme", NOW, admin_email=company.admin_email))


def test_a_company_is_known_where_it_was_founded(database_url: str, secret_key: str) -> None:
    assert asyncio.run(is_known(database_url, found("Acme", database_url, secret_key).company_id))
    assert not asyncio.run(is_known(database_url, "01a1fe0a-b38c-7450-94c6-9ff2e1f81907"))
