"""Ports: whether one is free, and a free one."""

import socket

from core.errors import SettingsError


def claim_port(host: str, port: int, option: str) -> int:
    """Return `port` if it can be bound (0: any free one); raises SettingsError that names the option to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(f"port {port} is taken ({error.strerror}); choose another with {option}") from None
        return int(probe.getsockname()[1])
