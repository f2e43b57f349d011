"""STUN and time, byte by byte."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from banwatch.lab.world.datagram import answer_ntp_untrusted, answer_stun_untrusted

CLIENT = ip_address("175.45.177.10")


def test_stun_of_rfc_5769():
    """The address and transaction of RFC 5769 §2.2, without its optional attributes."""
    transaction = bytes.fromhex("b7e7a701bc34d686fa87dfae")
    request = bytes.fromhex("000100002112a442") + transaction
    answer = answer_stun_untrusted(request, ip_address("192.0.2.1"), 32853)
    assert answer == bytes.fromhex("0101000c2112a442") + transaction + bytes.fromhex(
        "002000080001a147e112a643"
    )
    six = answer_stun_untrusted(request, ip_address("2001:db8:1234:5678:11:2233:4455:6677"), 32853)
    assert six is not None
    assert six[20:] == bytes.fromhex("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9")


def test_stun_without_the_cookie_is_the_old_kind():
    answer = answer_stun_untrusted(bytes.fromhex("00010000") + b"sixteen bytes id", CLIENT, 1234)
    assert answer is not None
    assert answer[20:] == bytes.fromhex("00010008000104d2") + CLIENT.packed


@given(st.binary(max_size=100))
def test_stun_never_breaks(data: bytes):
    answer = answer_stun_untrusted(data, CLIENT, 1)
    assert answer is None or answer[8:20] == data[8:20]


def test_ntp_says_lab_time_and_repeats_the_question_s_stamp():
    question = bytes([0x1B]) + bytes(39) + b"CLIENT!!"
    answer = answer_ntp_untrusted(question, 1_459_468_800.5)
    assert answer is not None
    assert (answer[0] >> 3 & 7, answer[0] & 7, answer[1]) == (3, 4, 1)
    assert answer[24:32] == b"CLIENT!!"
    assert int.from_bytes(answer[40:44], "big") == 1_459_468_800 + 2_208_988_800
    assert answer[44] == 0x80


@given(st.binary(max_size=100))
def test_ntp_never_breaks(data: bytes):
    answer = answer_ntp_untrusted(data, 0.0)
    assert answer is None or len(answer) == 48
