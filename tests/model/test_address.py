"""Addresses are spelled and numbered as Python's own objects do it."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from banwatch.model.address import number_of, spell_address

PIECES = st.sampled_from(
    ["0", "1", "00", "ffff", "0db8", "FE80", "1.2.3.4", "010.0.0.1", "256", "", ":", "::", "٣", "\0"]
)
TEXTS = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda ip: ip.exploded.upper()),
    st.lists(PIECES, max_size=9).map(":".join),
    st.lists(st.sampled_from(["0", "1", "01", "255", "256", "", " 1", "1e1"]), max_size=5).map(".".join),
    st.text(max_size=40),
)


@given(TEXTS)
@example("::ffff:1.2.3.4")
@example("::1.2.3.4")
@example("::ffff:0:1.2.3.4")
@example("64:ff9b::192.0.2.1")
@example("1:0:0:2:0:0:0:3")
@example("2001:db8:0:1:1:1:1:1")
@example("fe80::1%eth0")
@example("[::1]")
def test_text_is_an_address_where_the_library_says_so(text: str) -> None:
    try:
        # a zone belongs to a machine, not to the address
        address = None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        address = None
    assert spell_address(text) == (None if address is None else str(address))
    if address is not None and spell_address(text) == text:
        assert number_of(text) == int(address)


@pytest.mark.parametrize(
    "text", ["", "example.org", "1.2.3", "1.2.3.4 ", "1.2.3.4\n", "0x7f.0.0.1", "2130706433"]
)
def test_other_text_has_no_number(text: str) -> None:
    assert spell_address(text) is None
    with pytest.raises(ValueError, match="no address"):
        number_of(text)
