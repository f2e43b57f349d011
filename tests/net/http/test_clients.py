"""Clients are told apart by addresses that they cannot choose, and by proofs where they have none."""

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.net.http.clients import Proxies, groups_of
from banwatch.net.http.work import MAX_PROOF_BITS, find_proof, has_zero_bits


def test_only_named_proxies_are_believed() -> None:
    proxies = Proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
    assert proxies.client_of("203.0.113.5", ["198.51.100.1"]) == "203.0.113.5"
    assert proxies.client_of("127.0.0.1", ["198.51.100.1"]) == "198.51.100.1"
    assert proxies.client_of("127.0.0.1", ["1.1.1.1, 198.51.100.1, 10.2.3.4"]) == "198.51.100.1"
    assert proxies.client_of("127.0.0.1", ["1.1.1.1", "198.51.100.1"]) == "198.51.100.1"
    assert proxies.client_of("::ffff:127.0.0.1", ["[2a00::1]:443"]) == "2a00::1"
    assert proxies.client_of("127.0.0.1", ["::ffff:198.51.100.1"]) == "198.51.100.1"
    assert Proxies().client_of("127.0.0.1", ["198.51.100.1"]) == "127.0.0.1"


@pytest.mark.parametrize("headers", [[], [""], ["unknown"], ["1.1.1.1, evil"], ["10.0.0.1"], ["," * 1000]])
def test_clients_that_no_proxy_names_share_one_limit(headers: list[str]) -> None:
    client = Proxies(["127.0.0.1", "10.0.0.0/8"]).client_of("127.0.0.1", headers)
    assert groups_of(client) == groups_of("")


def test_a_proxy_is_an_address() -> None:
    with pytest.raises(BanwatchError, match="no proxy"):
        Proxies(["proxy.example"])


def test_groups_of_addresses() -> None:
    assert groups_of("192.0.2.1") == groups_of("::ffff:192.0.2.1") != groups_of("192.0.2.2")
    one, same56, same48 = groups_of("2a00:1:2:300::1"), groups_of("2a00:1:2:3ff::9"), groups_of("2a00:1:2::1")
    assert one == same56
    assert (one[0] != same48[0], one[1:]) == (True, same48[1:])
    assert [group.share for group in one] == [1, 4, 16]
    assert groups_of("2a00:1:3::1")[1] != one[1]
    assert groups_of("2a00:1:3::1")[2] == one[2]
    assert groups_of("2a00:2::1")[2] != one[2]


def test_proofs() -> None:
    proof = find_proof("abc123 10", "/report")
    assert proof is not None
    challenge, _, nonce = proof.partition(":")
    assert has_zero_bits(challenge, "/report", nonce, 10)
    assert not has_zero_bits(challenge, "/report", nonce, 40)
    for asked in ("", "abc", "abc x", f"abc {MAX_PROOF_BITS + 1}", "a:b 4", "abc 0", "abc -1"):
        assert find_proof(asked, "/report") is None
