"""Marks of a lab: they reach a probe's settings through the environment, and nothing else does."""

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.model.lab_marks import VARIABLE, LabMarks, read_marks, write_marks
from banwatch.probe.parse_settings import EncryptedResolvers, parse_settings
from banwatch.probe.settings import Settings

MARKS = LabMarks(
    lab="dprk-2016",
    cc="KP",
    asn=64512,
    network="Koryolink",
    tier="visitor",
    helper_url="https://helper.example/",
    own_addresses=("198.51.100.7",),
)


def settings(
    *, cc: str = "ZZ", asn: str = "AS0", helper: str | None = None, lab: LabMarks | None
) -> Settings:
    return parse_settings(
        cc=cc,
        asn=asn,
        network="",
        tier="",
        helper=helper,
        resolvers=[],
        encrypted=EncryptedResolvers(),
        http3="offered",
        twin=None,
        ca_file=None,
        parallel=1,
        stealth=False,
        follow_ups=True,
        rest_s=1.0,
        own_addresses=[],
        lab=lab,
    )


def test_marks_come_through_the_environment_unchanged() -> None:
    assert read_marks(write_marks(MARKS)) == MARKS
    assert read_marks({}) is None
    assert read_marks({VARIABLE: ""}) is None
    with pytest.raises(BanwatchError, match="Unset"):
        read_marks({VARIABLE: "yes"})


def test_a_probe_in_a_lab_is_where_the_lab_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/lab/ca.pem")
    found = settings(lab=MARKS)
    assert (found.probe_cc, found.probe_asn, found.access_tier) == ("KP", 64512, "visitor")
    assert found.annotations == {"lab": "dprk-2016"}
    assert found.helper_url == "https://helper.example/"
    assert found.own_addresses == ("198.51.100.7",)
    assert str(found.ca_file) == "/lab/ca.pem"


def test_what_a_person_says_of_the_network_stays_and_the_mark_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(cc="RU", asn="AS1", helper="https://other.example/", lab=MARKS)
    assert (found.probe_cc, found.probe_asn) == ("RU", 1)
    assert found.helper_url == "https://other.example/"
    assert found.annotations == {"lab": "dprk-2016"}
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/own.pem")
    outside = settings(lab=None)
    assert outside.annotations == {}
    assert outside.ca_file is None
