from ipaddress import ip_address, ip_network

import pytest

from core.addresses import is_public, is_reachable, parse_network


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("0.0.0.0", False),
        ("0.1.2.3", False),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("192.0.0.8", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.127.255.255", False),
        ("100.128.0.1", True),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("4000::1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b:1::5db8:d822", False),
        ("2002:a00:1::", False),
        ("2002:7f00:1::1", False),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("address", "networks", "reachable"),
    [
        ("93.184.216.34", (), True),
        ("10.1.2.3", (), False),
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16",), False),
        ("127.0.0.1", ("10.1.0.0/16", "127.0.0.0/8"), True),
        ("::1", ("127.0.0.0/8",), False),
        ("::1", ("::1/128",), True),
        ("::ffff:127.0.0.1", ("127.0.0.0/8",), True),
        ("::ffff:10.0.0.1", ("127.0.0.0/8",), False),
        ("2002:7f00:1::", ("127.0.0.0/8",), False),
        ("64:ff9b::7f00:1", ("127.0.0.0/8",), False),
        ("fd12::1", ("fd12::/16",), True),
        ("169.254.169.254", ("0.0.0.0/0",), False),
        ("::ffff:169.254.169.254", ("0.0.0.0/0", "::/0"), False),
        ("64:ff9b::a9fe:a9fe", ("0.0.0.0/0", "::/0"), False),
        ("100.100.100.200", ("100.64.0.0/10",), False),
        ("100.100.100.201", ("100.64.0.0/10",), True),
        ("fd00:ec2::254", ("fd00::/8",), False),
        ("0.0.0.0", ("0.0.0.0/0",), False),
        ("::", ("::/0",), False),
        ("224.0.0.1", ("0.0.0.0/0",), False),
        ("fe80::1", ("::/0",), False),
    ],
)
def test_a_connection_goes_to_public_addresses_and_to_networks_that_were_opened(
    address: str, networks: tuple[str, ...], reachable: bool
) -> None:
    assert is_reachable(ip_address(address), [ip_network(network) for network in networks]) is reachable


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "localhost", "10.0.0.0/33", "fd00::/200"])
def test_a_network_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a network such as"):
        parse_network(text)


def test_a_single_address_is_a_network_of_one() -> None:
    assert parse_network(" 127.0.0.1 ") == ip_network("127.0.0.1/32")
