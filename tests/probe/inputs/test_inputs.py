"""Inputs: lists in both forms, and risky targets that are left out."""

from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import WireError
from banwatch.model.ids import CountryCode
from banwatch.probe.inputs.inputs import Input, only_categories, parse_list_untrusted
from banwatch.probe.inputs.risk import leave_out_risky


def test_risky_kinds_are_left_out_unless_chosen() -> None:
    listed = [Input("a", "NEWS"), Input("b", "PORN"), Input("c", ""), Input("d", "GMB")]

    def kept(cc: str, *opted_in: str) -> str:
        return "".join(one.url for one in leave_out_risky(listed, CountryCode(cc), opted_in)[0])

    assert kept("FR") == "ac"
    assert kept("KP") == "c"
    assert kept("FR", "PORN") == "abc"
    assert kept("KP", "NEWS", "GMB") == "acd"


def test_lists_are_read_in_both_forms() -> None:
    head = b"\xef\xbb\xbfurl,category_code,category_description\r\n"
    citizen_lab = head + b"https://a.example/,NEWS,News\r\nbad url,X,\r\n"
    inputs, unusable = parse_list_untrusted(citizen_lab)
    assert (inputs, unusable) == ([Input("https://a.example/", "NEWS")], 1)
    assert only_categories(inputs, {"GMB"}) == []
    plain = b"# mine\nhttps://a.example/\n\nb.example\nhttps://a.example/\n"
    assert [one.url for one in parse_list_untrusted(plain)[0]] == ["https://a.example/", "b.example"]


@given(st.binary(max_size=300))
def test_no_list_does_more_harm_than_a_wire_error(data: bytes) -> None:
    for start in (b"", b"url,category_code\n"):
        try:
            inputs, _ = parse_list_untrusted(start + data)
        except WireError:
            continue
        assert len({one.url for one in inputs}) == len(inputs)
