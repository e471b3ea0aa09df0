"""What one machine remembers: the file is private, whole, and its company survives a restart."""

import json
import socket
import stat
from pathlib import Path

import pytest

from core.errors import SettingsError
from local.installation import Company, Installation
from local.ports import claim_port
from local.up import socket_path

COMPANY = Company("c", "pk_1", "sk_1", "ids_1", "owner@localhost", "pw")


def test_a_fresh_installation_makes_a_key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    one, other = Installation.read(tmp_path), Installation.read(tmp_path)
    assert len(one.secret_key) >= 32
    assert one.secret_key != other.secret_key
    assert one.company is None


def test_a_given_key_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "k" * 40)
    assert Installation.read(tmp_path).secret_key == "k" * 40


def test_what_was_written_is_read_back_and_is_private(tmp_path: Path) -> None:
    written = Installation("k" * 40, COMPANY)
    written.write(tmp_path / "deep")
    assert Installation.read(tmp_path / "deep") == written
    assert stat.S_IMODE((tmp_path / "deep" / "installation.json").stat().st_mode) == 0o600


def test_what_is_set_aside_is_kept_beside(tmp_path: Path) -> None:
    Installation("k" * 40, COMPANY).write(tmp_path)
    Installation.read(tmp_path).set_aside(tmp_path)
    assert json.loads((tmp_path / "installation.previous.json").read_text())["company"]["secret_key"] == "sk_1"
    assert Installation.read(tmp_path).company is None


def test_a_taken_port_is_named_with_the_option_to_change() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} is taken .* --ws-port"):
            claim_port("127.0.0.1", port, "--ws-port")


def test_port_zero_is_any_free_one() -> None:
    assert 0 < claim_port("127.0.0.1", 0, "--port") < 65_536


def test_a_deep_data_directory_still_gets_a_socket_path_that_fits(tmp_path: Path) -> None:
    assert socket_path(tmp_path / "d") == tmp_path / "d" / "redis" / "redis.sock"
    deep = socket_path(tmp_path / ("x" * 100))
    assert len(str(deep)) < 100
    assert stat.S_IMODE(deep.parent.stat().st_mode) == 0o700
    assert socket_path(tmp_path / ("x" * 100)) == deep
    deep.parent.rmdir()
