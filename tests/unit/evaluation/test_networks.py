import pytest
from mirante.evaluation.networks import address, network


@pytest.mark.parametrize(
    ("net", "inside", "outside"),
    [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "::a00:1"]),
        ("10.1.2.3/8", ["10.200.0.1"], ["11.0.0.1"]),
        ("192.168.1.7", ["192.168.1.7"], ["192.168.1.8"]),
        ("0.0.0.0/0", ["255.255.255.255", "::ffff:1.2.3.4"], ["::1"]),
        ("2001:db8::/32", ["2001:db8::1", "2001:DB8:ffff::"], ["2001:db9::1", "10.0.0.1"]),
        ("::1", ["::1"], ["::2"]),
        ("::/0", ["::1", "fe80::1"], ["10.0.0.1", "::ffff:10.0.0.1"]),
        ("::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.9.9.9"], ["11.0.0.1", "::ffff:11.0.0.1"]),
        ("fe80::/10", ["fe80::1%eth0"], ["fec0::1%eth0"]),
    ],
)
def test_addresses_in_networks(net: str, inside: list[str], outside: list[str]) -> None:
    """Both families, host bits set or not; IPv4 mapped into IPv6 counts as IPv4 on either side."""
    parsed = network(net)
    assert parsed is not None
    found = [text for text in inside + outside if (known := address(text)) is not None and known in parsed]
    assert found == inside


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/8", "::g", "localhost", "1" * 5000]
)
def test_what_is_no_address(text: str) -> None:
    """None of these is an address, and none raises."""
    assert address(text) is None


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0.0/-1", "rede"])
def test_what_is_no_network(text: str) -> None:
    """None of these is a network, and none raises."""
    assert network(text) is None
