"""Which network addresses lie in the open Internet: whoever fetches or posts on somebody's word asks here first.

A URL that a customer typed, or that another server redirects to, must not lead into the network of the installation.
Names prove nothing, so the address that a connection would go to is judged, and judged as what it finally reaches.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST: Final = ip_network("2000::/3")
"""All of IPv6 that is routed for the public (IANA, Internet Protocol Version 6 Address Space)."""
_NAT64: Final = ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address that a gateway would connect to."""
_NOT_OPEN: Final = (
    ip_network("192.88.99.0/24"),  # 6to4 relays, deprecated (RFC 7526)
    ip_network("192.0.0.0/24"),  # protocol assignments (RFC 6890)
    ip_network("2001::/23"),  # protocol assignments, Teredo among them (RFC 2928)
    ip_network("3fff::/20"),  # documentation (RFC 9637)
)
"""What `is_global` of some Python versions lets through."""
METADATA: Final = frozenset(map(ip_address, ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254")))
"""Where clouds hand credentials to whoever asks from inside (AWS and most others, AWS containers, Alibaba)."""


EVERYWHERE: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""Private networks too, as `is_reachable` takes them; link-local ones and those of cloud metadata stay closed."""
_LOOPBACK: Final = ip_address("127.0.0.1")


def address_in(host: str) -> Address | None:
    """Return the address that a host is by itself: a literal, or this machine by name (RFC 6761); None for a name."""
    name = host.strip("[]").removesuffix(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return _LOOPBACK
    try:
        return ip_address(name)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address lies in the open Internet, looking into IPv6 forms that carry an IPv4 address."""
    inner = carried(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_OPEN)


def is_reachable(address: Address, allowed: Collection[Network] = ()) -> bool:
    """Tell whether a connection may go to an address: a public one, or one of the private networks that are allowed.

    Link-local, multicast and unspecified addresses and those of cloud metadata stay closed whatever is allowed: a wide
    network such as 0.0.0.0/0 must not open them by accident.
    """
    if is_public(address):
        return True
    inner = carried(address) or address
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner in METADATA:
        return False
    target = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address  # no tunnel into a network
    return any(target in network for network in allowed)


def carried(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: mapped, NAT64, 6to4 or Teredo; None for any other."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def parse_network(text: str) -> Network:
    """Return the network that a setting names, such as 10.1.0.0/16; raises ValueError with a readable text."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network such as 10.1.0.0/16: {error}") from None
