"""A company's playbooks: versions, what holds, and what becomes of definitions that cannot be read."""

import logging
from datetime import datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from core.errors import Conflict, NotFound
from core.playbooks import Playbook, shipped
from db import audit, playbooks
from db.pool import Database


def make_playbook(name: str = "support", **changes: Any) -> Playbook:
    """Return a small valid playbook."""
    values: dict[str, Any] = {
        "name": name,
        "title": "Ours",
        "persona": "You are ours.",
        "tone": "Plain.",
        "greeting": {"en": "Hi"},
        "first_stage": "open",
        "stages": {"open": {"title": "Open"}},
    }
    return Playbook.model_validate({**values, **changes})


async def spoil(db: Database, company_id: str, name: str, definition: Any) -> None:
    """Overwrite what is stored, as another version of the product might have written it."""
    async with db.transaction(company_id) as connection:
        await connection.execute(
            "UPDATE playbooks SET definition = %s WHERE company_id = %s AND name = %s AND active",
            (Jsonb(definition), company_id, name),
        )


@pytest.mark.parametrize("name", ["onboarding", "support", "sales"])
async def test_the_shipped_ones_hold_until_a_company_stores_its_own(db: Database, acme: str, name: str) -> None:
    async with db.transaction(acme) as connection:
        assert await playbooks.load(connection, acme, name) == shipped()[name]


async def test_a_companys_own_takes_the_place_of_the_shipped_one(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        assert await playbooks.save(connection, acme, make_playbook(), "admin:1", now) == 1
    async with db.transaction(acme) as connection:
        loaded = await playbooks.load(connection, acme, "support")
    assert (loaded.version, loaded.playbook, loaded.fault) == ("support-v1", make_playbook(), None)


async def test_another_company_does_not_get_it(db: Database, acme: str, rival: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook("ours"), "admin:1", now)
    async with db.transaction(rival) as connection:
        with pytest.raises(NotFound) as refusal:
            await playbooks.load(connection, rival, "ours")
        stand_in = await playbooks.load_begun(connection, rival, "ours")
        assert (stand_in.playbook, stand_in.fault) == (shipped()["support"].playbook, "ours is not in force any more")
        assert {one.source for one in await playbooks.list_(connection, rival)} == {"shipped"}
        assert (await playbooks.history(connection, rival, "ours")).items == []
    assert refusal.value.code == "unknown_playbook"


async def test_versions_count_and_an_earlier_one_can_be_put_back(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        for title in ("First", "Second", "Third"):
            await playbooks.save(connection, acme, make_playbook(title=title), "admin:1", now)
        await playbooks.activate(connection, acme, "support", 2, "admin:2")
        loaded = await playbooks.load(connection, acme, "support")
        assert (loaded.version, loaded.playbook.title) == ("support-v2", "Second")
        assert await playbooks.save(connection, acme, make_playbook(title="Fourth"), "admin:1", now) == 4
        versions = await playbooks.history(connection, acme, "support", limit=3)
        rest = await playbooks.history(connection, acme, "support", versions.next_cursor, limit=3)
        entries = await audit.list_(connection, acme)
    assert [(row["version"], row["active"]) for row in versions.items + rest.items] == [
        (4, True), (3, False), (2, False), (1, False),
    ]  # fmt: skip
    assert [entry["action"] for entry in entries.items[:2]] == ["playbook.saved", "playbook.activated"]


async def test_a_change_on_top_of_another_persons_is_refused(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now, expected_version=0)
        with pytest.raises(Conflict):
            await playbooks.save(connection, acme, make_playbook(), "admin:2", now, expected_version=0)
        assert await playbooks.save(connection, acme, make_playbook(), "admin:2", now, expected_version=1) == 2


async def test_withdrawn_the_shipped_one_holds_again(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now)
        await playbooks.withdraw(connection, acme, "support", "admin:1")
        assert await playbooks.load(connection, acme, "support") == shipped()["support"]
        with pytest.raises(NotFound):
            await playbooks.withdraw(connection, acme, "support", "admin:1")
        await playbooks.activate(connection, acme, "support", 1, "admin:1")
        assert (await playbooks.load(connection, acme, "support")).version == "support-v1"


async def test_the_list_shows_own_ones_and_the_shipped_ones_left(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now)
        await playbooks.save(connection, acme, make_playbook("returns"), "admin:1", now)
        listed = await playbooks.list_(connection, acme)
    assert [(one.name, one.source) for one in listed] == [
        ("onboarding", "shipped"), ("returns", "company"), ("sales", "shipped"), ("support", "company"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ({}, "name"),
        ([], "playbook"),
        ({**make_playbook().model_dump(mode="json"), "invented": 1}, "invented"),
        ({**make_playbook().model_dump(mode="json"), "first_stage": "gone"}, "first_stage"),
        (make_playbook("other").model_dump(mode="json"), "name"),
    ],
)
async def test_what_cannot_be_read_gives_way_to_the_shipped_one(
    db: Database, acme: str, now: datetime, caplog: pytest.LogCaptureFixture, definition: Any, fault: str
) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now)
    await spoil(db, acme, "support", definition)
    async with db.transaction(acme) as connection:
        with caplog.at_level(logging.WARNING):
            loaded = await playbooks.load(connection, acme, "support")
        listed = {one.name: one for one in await playbooks.list_(connection, acme)}
    assert loaded.playbook == shipped()["support"].playbook
    assert loaded.fault is not None
    assert loaded.fault.startswith(fault)
    assert listed["support"].fault == loaded.fault
    assert "playbook.unreadable" in caplog.messages


async def test_one_of_its_own_name_that_cannot_be_read_gives_way_to_support(
    db: Database, acme: str, now: datetime
) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook("returns"), "admin:1", now)
    await spoil(db, acme, "returns", {"name": "returns"})
    async with db.transaction(acme) as connection:
        loaded = await playbooks.load(connection, acme, "returns")
    assert loaded.playbook == shipped()["support"].playbook


async def test_a_version_that_cannot_be_read_is_not_put_into_force(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now)
    await spoil(db, acme, "support", {})
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(title="Good"), "admin:1", now)
    with pytest.raises(Conflict) as refusal:
        async with db.transaction(acme) as connection:
            await playbooks.activate(connection, acme, "support", 1, "admin:1")
    assert refusal.value.code == "unreadable_playbook"
    async with db.transaction(acme) as connection:
        assert (await playbooks.load(connection, acme, "support")).version == "support-v2"


@pytest.mark.parametrize("version", [0, 2, -1])
async def test_a_version_that_is_not_there_is_told(db: Database, acme: str, now: datetime, version: int) -> None:
    async with db.transaction(acme) as connection:
        await playbooks.save(connection, acme, make_playbook(), "admin:1", now)
    with pytest.raises(NotFound) as refusal:
        async with db.transaction(acme) as connection:
            await playbooks.activate(connection, acme, "support", version, "admin:1")
    assert refusal.value.code == "unknown_playbook"


async def test_a_playbook_of_nobody_is_refused(db: Database, now: datetime) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(NotFound):
        async with db.transaction(nobody) as connection:
            await playbooks.save(connection, nobody, make_playbook(), "admin:1", now)
