"""Which addresses a URL that somebody configured may lead to: none inside our own network.

A name is resolved and checked, and the connection then goes to the very address that was checked; asking the resolver
again at connection time would let a name answer differently the second time.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from channels.message import DeliveryFailed

Address = IPv4Address | IPv6Address
_NAT64: Final = 0x0064_FF9B << 96
"""64:ff9b::/96 (RFC 6052): the last four bytes are an IPv4 address that a gateway would connect to."""


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """Return an address of the host to connect to.

    Raises:
        DeliveryFailed: the name is unknown (may pass), or one of its addresses is private (permanent).
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise DeliveryFailed("unknown_host", permanent=False) from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not allow_private and not all(is_public(ip_address(address)) for address in addresses):
        raise DeliveryFailed("private_address", permanent=True)
    return addresses[0]


def is_public(address: Address) -> bool:
    """Tell whether an address lies in the open Internet, looking into IPv6 forms that carry an IPv4 address."""
    inner = _carried(address)
    return (inner is None or is_public(inner)) and address.is_global and not address.is_multicast


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if int(address) >> 32 == _NAT64 >> 32:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
