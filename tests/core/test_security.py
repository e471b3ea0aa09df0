"""Keys, the vault, and derived keys. User tokens are also tried in tests/ws_gateway/test_identity.py."""

from datetime import UTC, datetime, timedelta

import pytest

from core import security
from core.errors import Forbidden, TokenExpired, Unauthenticated

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "s" * 48


def test_keys_name_their_kind_and_are_stored_as_hashes() -> None:
    public, secret = security.create_api_key("public"), security.create_api_key("secret")
    assert (security.key_kind(public), security.key_kind(secret), security.key_kind("x_1")) == (
        "public",
        "secret",
        None,
    )
    assert security.hash_api_key(public) == security.hash_api_key(public) != security.hash_api_key(secret)
    assert public.encode() not in security.hash_api_key(public)
    assert len({security.create_api_key("public") for _ in range(100)}) == 100
    assert security.hash_api_key("pk_\ud800")


def test_the_vault_reads_back_what_it_stored_and_only_with_its_key() -> None:
    stored = security.Vault(SECRET).encrypt("ids_1")
    assert b"ids_1" not in stored
    assert security.Vault(SECRET).decrypt(stored) == "ids_1"
    with pytest.raises(Unauthenticated):
        security.Vault("t" * 48).decrypt(stored)


def test_a_short_installation_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        security.Vault("short")


def test_keys_for_different_purposes_differ() -> None:
    assert security.derive_key(b"k", b"vault") != security.derive_key(b"k", b"admin")


def test_a_token_lives_an_hour_at_most_and_says_whom_it_speaks_for() -> None:
    token, expires_at = security.issue_user_token(SECRET, "c", "u", NOW, life=timedelta(days=9), anonymous=True)
    assert expires_at == NOW + timedelta(hours=1)
    assert security.read_company(token) == "c"
    claims = security.verify_user_token(token, (SECRET,), "c", NOW)
    assert (claims.user_id, claims.anonymous) == ("u", True)


def test_a_token_is_good_up_to_its_end_and_not_a_second_longer() -> None:
    token, expires_at = security.issue_user_token(SECRET, "c", "u", NOW, life=timedelta(minutes=5))
    assert security.verify_user_token(token, (SECRET,), "c", expires_at).user_id == "u"
    with pytest.raises(TokenExpired):
        security.verify_user_token(token, (SECRET,), "c", expires_at + timedelta(seconds=1))


def test_the_clock_of_a_host_may_be_a_little_ahead() -> None:
    token, _ = security.issue_user_token(SECRET, "c", "u", NOW + timedelta(seconds=20))
    assert security.verify_user_token(token, (SECRET,), "c", NOW).user_id == "u"


def test_a_token_of_another_company_is_refused_even_with_its_own_secret() -> None:
    token, _ = security.issue_user_token(SECRET, "other", "u", NOW)
    with pytest.raises(Forbidden):
        security.verify_user_token(token, (SECRET,), "c", NOW)


def test_webhook_and_identity_secrets_are_recognisable() -> None:
    assert security.create_webhook_secret().startswith("whsec_")
    assert security.create_identity_secret().startswith("ids_")


def test_a_chat_sessions_token_names_its_session_and_other_tokens_none() -> None:
    token, _ = security.issue_user_token(SECRET, "c", "u", NOW, session_id="s-1")
    assert security.verify_user_token(token, (SECRET,), "c", NOW).session_id == "s-1"
    plain, _ = security.issue_user_token(SECRET, "c", "u", NOW)
    assert security.verify_user_token(plain, (SECRET,), "c", NOW).session_id is None
