"""IP addresses: told from versions, outlines and times by their values and by the words before them."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

_V4: Final = re.compile(r"(?<![A-Za-z0-9_.])(?:\d{1,3}\.){3}\d{1,3}(?![A-Za-z0-9_]|\.\d)")
_V6: Final = re.compile(
    r"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{0,3}(?:\.\d{1,3}){3})?(?![A-Za-z0-9_:])"
)
_NO_ADDRESS: Final = re.compile(
    r"(?:(?<![A-Za-z])(?:version|ver|v|release|build|firmware|driver|sdk|upgraded? (?:to|from)|updated? (?:to|from)|"
    r"section|chapter|clause|figure|table|step|paragraph)|[§#]|"
    r"نسخة|النسخة|إصدار|الإصدار|فقرة|قسم)[ .:#=]{0,3}(?:to |from )?$",
    re.IGNORECASE,
)
_ADDRESS_WORD: Final = re.compile(
    r"(?<![A-Za-z])(?:ip|ipv4|address|host|server|ping|ssh|client|login|network|dns|gateway|proxy|whitelist|allowlist)"
    r"|عنوان|خادم|سيرفر",
    re.IGNORECASE,
)
_NEAR: Final = 40
_SMALL: Final = 20
_V6_PREFIX: Final = re.compile("f[cd]|fe[89ab]|2[0-9a-f]{3}:", re.IGNORECASE)


def find_networks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, "IP") of addresses, except those of the machine itself and those that name no machine."""
    for found in _V4.finditer(text):
        if _is_v4(found[0], text[max(0, found.start() - _NEAR) : found.start()]):
            yield (*found.span(), "IP")
    for found in _V6.finditer(text) if text.count(":") > 1 else ():
        if _is_v6(found[0]):
            yield (*found.span(), "IP")


def _is_v4(written: str, before: str) -> bool:
    try:
        address = IPv4Address(written)
    except AddressValueError:
        return False
    if address.is_loopback or address.is_unspecified or written.endswith(".0.0.0") or _NO_ADDRESS.search(before):
        return False
    return any(part >= _SMALL for part in address.packed) or _ADDRESS_WORD.search(before) is not None


def _is_v6(written: str) -> bool:
    try:
        address = IPv6Address(written)
    except AddressValueError:
        return False
    has_shape = written.count(":") > 3 or _V6_PREFIX.match(written) is not None
    return has_shape and not (address.is_loopback or address.is_unspecified) and any(map(str.isdigit, written))
