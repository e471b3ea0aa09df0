"""What belongs to a company: its secrets, keys, people, configuration, baselines and audit log."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from core.baselines import Baseline
from core.config import CompanyConfig
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.security import hash_api_key
from db import admins, api_keys, audit, baselines, companies, configs, refresh_tokens

SECOND = timedelta(seconds=1)
SLACK = "https://hooks.slack.com/services/T000/B000/secret"


def configured(**changes):
    return CompanyConfig.model_validate(changes)


def baseline(name="Path", key="connect"):
    return Baseline.model_validate({"name": name, "steps": [{"key": key, "title": "Connect", "url_pattern": "/x"}]})


async def test_founding_gives_keys_that_are_found_and_secrets_that_are_not_stored_in_the_clear(db, vault, now):
    company = await companies.found(db, vault, "Acme", now, admin_email=" Ann@Acme.test", admin_password_hash="h")
    async with db.system() as connection:
        public = await api_keys.find(connection, hash_api_key(company.public_key))
        secret = await api_keys.find(connection, hash_api_key(company.secret_key))
        owner = await admins.find_by_email(connection, "ANN@acme.test ")
        assert await companies.list_ids(connection) == [company.company_id]
        assert await api_keys.find(connection, hash_api_key("pk_other")) is None
    assert (public.kind, secret.kind) == ("public", "secret")
    assert {public.company_id, secret.company_id, owner.company_id} == {company.company_id}
    assert (owner.email, owner.role, owner.disabled_at) == ("ann@acme.test", "owner", None)
    async with db.transaction(company.company_id) as connection:
        (stored,) = await companies.identity_secrets(connection, company.company_id)
        webhook = await companies.webhook_secret(connection, company.company_id)
        assert await companies.name(connection, company.company_id) == "Acme"
        assert [entry["action"] for entry in (await audit.list_(connection, company.company_id)).items] == [
            "company.founded"
        ]
    assert vault.decrypt(stored) == company.identity_secret
    assert vault.decrypt(webhook) == company.webhook_secret
    for secret_text in (company.secret_key, company.identity_secret, company.webhook_secret):
        assert secret_text not in repr(company)


async def test_founding_is_all_or_nothing(db, vault, now):
    owner = {"admin_email": "ann@acme.test", "admin_password_hash": "h"}
    await companies.found(db, vault, "Acme", now, **owner)
    with pytest.raises(Conflict):
        await companies.found(db, vault, "Copy", now, **owner)
    async with db.system() as connection:
        assert len(await companies.list_ids(connection)) == 1


async def test_an_unknown_company_has_no_secrets(db):
    nobody = new_id()
    async with db.transaction(nobody) as connection:
        assert await companies.identity_secrets(connection, nobody) == ()
        assert await companies.webhook_secret(connection, nobody) is None
        assert await companies.name(connection, nobody) is None
        assert not await companies.rotate_identity_secret(connection, nobody, b"x")
    with pytest.raises(NotFound):
        async with db.transaction("acme"):
            pass


async def test_two_identity_secrets_are_valid_while_rotating(db, acme):
    async with db.transaction(acme) as connection:
        (first,) = await companies.identity_secrets(connection, acme)
        assert await companies.rotate_identity_secret(connection, acme, b"second")
        assert await companies.identity_secrets(connection, acme) == (b"second", first)
        assert await companies.rotate_identity_secret(connection, acme, b"third")
        assert await companies.identity_secrets(connection, acme) == (b"third", b"second")


async def test_a_revoked_key_is_not_found(db, acme, rival, now):
    async with db.transaction(acme) as connection:
        key_id = await api_keys.create(connection, acme, "public", b"hash", "second", now)
        assert not await api_keys.revoke(connection, rival, key_id, now)
        assert await api_keys.revoke(connection, acme, key_id, now)
        assert not await api_keys.revoke(connection, acme, key_id, now)
        listed = await api_keys.list_(connection, acme)
    assert {row["label"]: row["revoked_at"] for row in listed} == {"first": None, "second": now}
    assert "key_hash" not in listed[0]
    async with db.system() as connection:
        assert await api_keys.find(connection, b"hash") is None


async def test_an_address_has_one_account_in_all_companies(db, acme, rival, now):
    async with db.transaction(acme) as connection:
        admin_id = await admins.create(connection, acme, "Ann@x.test", "h", "viewer", now)
        assert (await admins.get(connection, acme, admin_id)).role == "viewer"
        assert await admins.get(connection, rival, admin_id) is None
    async with db.transaction(rival) as connection:
        with pytest.raises(Conflict):
            await admins.create(connection, rival, "ann@X.test", "h", "viewer", now)
        assert await companies.name(connection, rival) == "Rival", "the transaction goes on"


@pytest.fixture
async def admin(db, acme, now):
    async with db.transaction(acme) as connection:
        return await admins.create(connection, acme, "ann@x.test", "h", "owner", now)


async def test_a_token_is_spent_once_even_by_many_at_once(db, acme, admin, now):
    async with db.transaction(acme) as connection:
        await refresh_tokens.store(connection, acme, b"token", admin, new_id(), now + SECOND)

    async def spend():
        async with db.transaction(acme) as connection:
            return await refresh_tokens.spend(connection, acme, b"token", now)

    spent = [token for token in await asyncio.gather(*(spend() for _ in range(8))) if token]
    assert [(token.company_id, token.admin_id) for token in spent] == [(acme, admin)]


async def test_reuse_ends_the_family(db, acme, admin, now):
    family, other = new_id(), new_id()
    async with db.transaction(acme) as connection:
        for token, of in ((b"old", family), (b"new", family), (b"else", other)):
            await refresh_tokens.store(connection, acme, token, admin, of, now + SECOND)
        assert (await refresh_tokens.spend(connection, acme, b"old", now)).family_id == family
        assert await refresh_tokens.spend(connection, acme, b"old", now) is None
        assert await refresh_tokens.spend(connection, acme, b"new", now) is None, "revoked with its family"
        assert await refresh_tokens.spend(connection, acme, b"else", now) is not None


async def test_tokens_end(db, acme, admin, now):
    family = new_id()
    async with db.transaction(acme) as connection:
        await refresh_tokens.store(connection, acme, b"short", admin, family, now)
        await refresh_tokens.store(connection, acme, b"long", admin, family, now + SECOND)
        assert await refresh_tokens.spend(connection, acme, b"short", now) is None
        assert await refresh_tokens.spend(connection, acme, b"unknown", now) is None
        assert await refresh_tokens.purge(connection, acme, now + SECOND / 2) == 1
        assert await refresh_tokens.revoke_family(connection, acme, family, now) == 1
        assert await refresh_tokens.spend(connection, acme, b"long", now) is None
    async with db.system() as connection:
        assert await refresh_tokens.find_company(connection, b"long") == acme
        assert await refresh_tokens.find_company(connection, b"short") is None


async def test_a_company_begins_with_the_defaults(db, acme):
    async with db.transaction(acme) as connection:
        assert await configs.load(connection, acme) == configs.StoredConfig(0, CompanyConfig())


async def test_versions_are_kept_and_changes_audited_without_secrets(db, acme, now):
    first = configured(confidence_threshold=0.7, escalation={"slack_webhook_url": SLACK, "email_to": ["ann@x.test"]})
    second = configured(confidence_threshold=0.8)
    async with db.transaction(acme) as connection:
        assert await configs.save(connection, acme, first, "key:1", now, expected_version=0, trace_id="t") == 1
        with pytest.raises(Conflict):
            await configs.save(connection, acme, second, "key:1", now, expected_version=0)
        assert await configs.save(connection, acme, second, "key:2", now) == 2
        assert await configs.load(connection, acme) == configs.StoredConfig(2, second)
        newest = await configs.history(connection, acme, limit=1)
        oldest = await configs.history(connection, acme, newest.next_cursor, limit=1)
        entries = (await audit.list_(connection, acme)).items
    assert [(page.items[0]["version"], page.items[0]["created_by"]) for page in (newest, oldest)] == [
        (2, "key:2"),
        (1, "key:1"),
    ]
    assert oldest.next_cursor is None
    saved = next(entry for entry in entries if entry["detail"].get("version") == 1)
    assert {change["path"]: change["after"] for change in saved["detail"]["changes"]} == {
        "confidence_threshold": 0.7,
        "escalation.slack_webhook_url": "[secret]",
        "escalation.email_to": ["[email]"],
    }
    assert (saved["actor"], saved["trace_id"]) == ("key:1", "t")
    assert "secret" not in str([entry["detail"] for entry in entries]).replace("[secret]", "")


async def test_two_who_save_at_once_both_get_a_version_or_a_conflict(db, acme, now):
    async def save(threshold, expected):
        async with db.transaction(acme) as connection:
            config = configured(confidence_threshold=threshold)
            return await configs.save(connection, acme, config, "system", now, expected_version=expected)

    assert sorted(await asyncio.gather(*(save(n / 10, None) for n in range(6)))) == [1, 2, 3, 4, 5, 6]
    results = await asyncio.gather(*(save(n / 10, 6) for n in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conflict", "Conflict", "int"]


async def test_nobody_configures_a_company_that_is_not_there(db, now):
    nobody = new_id()
    async with db.transaction(nobody) as connection:
        with pytest.raises(NotFound):
            await configs.save(connection, nobody, CompanyConfig(), "system", now)
        with pytest.raises(NotFound):
            await baselines.save(connection, nobody, baseline(), "system", now)


async def test_one_baseline_is_in_force(db, acme, now):
    async with db.transaction(acme) as connection:
        assert await baselines.active(connection, acme) is None
        first = await baselines.save(connection, acme, baseline(), "system", now)
        second = await baselines.save(connection, acme, baseline(key="import"), "system", now + SECOND)
        other = await baselines.save(connection, acme, baseline("Other"), "system", now + 2 * SECOND)
        listed = await baselines.list_(connection, acme)
        assert await baselines.active(connection, acme) == baseline("Other")
        actions = [entry["action"] for entry in (await audit.list_(connection, acme)).items]
    assert (first.version, second.version, other.version) == (1, 2, 1)
    assert first.baseline_id == second.baseline_id != other.baseline_id
    assert [(row.baseline_id, row.version, row.active) for row in listed] == [
        (other.baseline_id, 1, True),
        (second.baseline_id, 2, False),
        (first.baseline_id, 1, False),
    ]
    assert sorted(actions) == ["baseline.created", "baseline.created", "baseline.updated", "company.founded"]


async def test_the_audit_log_only_grows(db, acme):
    async with db.transaction(acme) as connection:
        for number in range(5):
            await audit.record(connection, acme, "system", "test", str(number))
        first = await audit.list_(connection, acme, limit=4)
        rest = await audit.list_(connection, acme, first.next_cursor, limit=4)
    subjects = {entry["subject"] for page in (first, rest) for entry in page.items}
    assert subjects == {"0", "1", "2", "3", "4", acme}
    for statement in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.transaction(acme) as connection:
                await connection.execute(statement)
