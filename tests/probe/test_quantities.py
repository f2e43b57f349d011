"""Durations and sizes as people write them, and clear messages for mistakes."""

from pathlib import Path

import pytest

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.probe.quantities import parse_duration_s, parse_size_bytes


def test_amounts_are_read_as_people_write_them() -> None:
    assert [parse_duration_s(text) for text in ("90", "90s", "15m", "6h", "1.5d")] == [
        90,
        90,
        900,
        21600,
        129600,
    ]
    assert [parse_size_bytes(text) for text in ("10", "5kB", "200MB", "1 GiB")] == [
        10,
        5000,
        200_000_000,
        1 << 30,
    ]
    for bad in ("", "h", "6 weeks", "-5s", "1e9"):
        with pytest.raises(BanwatchError):
            parse_duration_s(bad)
        with pytest.raises(BanwatchError):
            parse_size_bytes(bad)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["probe"], "Nothing to measure"),
        (["probe", "ftp://x/"], "Cannot measure"),
        (["probe", "--list", "/no/such/file"], "Cannot read the list"),
        (["probe", "--ban", "no-such-ban"], "No ban"),
        (["probe", "https://a.example/", "--cc", "Korea"], "No country"),
        (["probe", "https://a.example/", "--asn", "x"], "No network"),
        (["probe", "https://a.example/", "--resolver", "dns.google"], "No resolver"),
        (["probe", "https://a.example/", "--budget", "much"], "No size"),
        (["spool", "ls", "--spool", "/no/such/folder"], "No spool"),
        (["helper", "--resolver", "x", "--port", "0"], "No resolver"),
    ],
)
def test_mistakes_get_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(BanwatchError, match=message):
        create_app()(arguments)
