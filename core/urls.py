"""Addresses among the settings: a URL must have one of the schemes that its part of the product speaks."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr


def url_of(*schemes: str) -> Callable[[Any], Any]:
    """Return a validator that takes URLs of these schemes alone; text or a secret, which no message repeats."""

    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        try:
            parts = urlsplit(text or "")
            sound = parts.scheme in schemes and (parts.netloc or parts.path)
        except ValueError:
            sound = False
        if text is not None and not sound:
            raise ValueError(f"must be a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value

    return check


http_address: Final = url_of("https", "http")
"""Validator of an address of a web server."""
