"""Versions of documents over HTTP: given as `ETag`, asked for by `If-Match`, so that no change is lost unnoticed."""

import re
from typing import Final

from core.errors import InvalidRequest

_VERSION: Final = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def expected_version(if_match: str | None) -> int | None:
    """Return the version that a change is based on, None when any will do.

    Raises InvalidRequest for an `If-Match` that is none of our versions.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None:
        raise InvalidRequest("If-Match must be the version, as the ETag gave it.")
    return int(match[1])


def etag(version: int) -> dict[str, str]:
    """Return the header that tells the version of what is answered."""
    return {"ETag": f'"{version}"'}
