"""Passwords: argon2, off the event loop, and the same work whether the e-mail is known or not."""

import asyncio
from functools import cache
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

MAX_LENGTH: Final = 1024
_AT_ONCE: Final = 2
"""Verifications at a time: each takes 64 MiB and a core for some 50 ms."""


class Passwords:
    """Verifies passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._nobody = _hash_of_nobody()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether the password fits; a missing hash costs as much as a wrong password."""
        async with self._slots:
            fits = await asyncio.to_thread(self._fits, password, stored or self._nobody)
        return fits and stored is not None

    def _fits(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(password, stored)
        except UnknownHashError:
            return False


@cache
def _hash_of_nobody() -> str:
    """Return the hash that stands in for a missing one; made once per process, since it costs as much as a login."""
    return PasswordHash.recommended().hash("nobody has this password")
