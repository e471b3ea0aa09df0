"""Where a webhook that somebody configured may lead to: never into our own network.

A name is resolved and checked, and the connection then goes to the very address that was checked; asking the resolver
again at connection time would let a name answer differently the second time.
"""

import asyncio
import socket
from ipaddress import ip_address

from channels.message import DeliveryFailed
from core.addresses import is_public


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
