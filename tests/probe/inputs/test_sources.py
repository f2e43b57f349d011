"""Where lists come from: a file, an imported country list, an address on the web."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.memory import MemoryNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.inputs.inputs import Input
from banwatch.probe.inputs.list_fetch import fetch_list
from banwatch.probe.inputs.sources import read_list
from banwatch.probe.settings import Settings
from banwatch.reference.importing import import_files
from tests.net import servers
from tests.net.servers import NOW, Page
from tests.probe.command_line import run_cli
from tests.probe.scenes import SECOND, SITE, settings, site

LIST = b"url,category_code\nhttps://a.example/,NEWS\n"


def place_lists(folder: Path) -> Path:
    """Import two country lists."""
    for name, host in (("kp", "a.example"), ("global", "b.example")):
        (folder / f"{name}.csv").write_text(
            f"url,category_code,category_description,date_added,source,notes\nhttps://{host}/,NEWS,,,,\n"
        )
    reference = folder / "reference"
    import_files(
        [folder / "kp.csv", folder / "global.csv"], as_of=date(2016, 4, 1), source="", data_dir=reference
    )
    return reference


def test_a_country_code_reads_the_imported_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANWATCH_REFERENCE", str(tmp_path / "reference"))
    with pytest.raises(BanwatchError, match="none has been imported"):
        read_list("KP", Settings(), print)
    place_lists(tmp_path)
    assert read_list("kp", Settings(), print) == [Input("https://a.example/", "NEWS")]
    assert read_list("global", Settings(), print) == [Input("https://b.example/", "NEWS")]
    with pytest.raises(BanwatchError, match="No test list for FR") as raised:
        read_list("FR", Settings(), print)
    assert "GLOBAL, KP" in str(raised.value)


def test_a_file_of_two_letters_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "kp").write_bytes(b"c.example\n")
    assert read_list(str(tmp_path / "kp"), Settings(), print) == [Input("c.example")]


def fetch(net: MemoryNet, folder: Path, url: str = "https://lists.example/kp.csv", **options: Any) -> bytes:
    roots = Roots(settings(folder).ca_file)
    given: dict[str, Any] = {"roots": roots, "at": NOW, "timeout_s": 2.0} | options
    return asyncio.run(fetch_list(net, parse_target_url(url), **given))


def world(answer: servers.Answer | Page, **certificate: Any) -> MemoryNet:
    """A site with lists, whose first address is silent."""
    context = servers.make_context("lists.example", **certificate)
    return MemoryNet(
        names={"lists.example": (SECOND, SITE)},
        tcp={(SECOND, 443): "connection_refused", (SITE, 443): servers.https_site(answer, context)},
    )


def test_a_list_is_fetched_and_redirects_are_followed(tmp_path: Path) -> None:
    def answer(host: str, path: str) -> Page:
        moved = Page(b"", status=302, headers=(("Location", "/new.csv"),))
        return Page(LIST) if (host, path) == ("lists.example", "/new.csv") else moved

    assert fetch(world(answer), tmp_path) == LIST


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(LIST * 100), "longer than 200 bytes"),
        (Page(b"gone", status=404), "status 404"),
        (Page(b"", status=302, headers=(("Location", "http://lists.example/kp.csv"),)), "https:// only"),
        (Page(b"", status=302, headers=(("Location", "ftp://lists.example/"),)), "no URL"),
        (Page(b"", status=302, headers=(("Location", "/kp.csv"),)), "more than 5 redirects"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, page: Page, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        fetch(world(page), tmp_path, limit_bytes=200)


def test_a_list_is_fetched_from_nobody_else(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="https:// only"):
        fetch(world(Page(LIST)), tmp_path, "http://lists.example/kp.csv")
    with pytest.raises(NetworkFailure) as failed:
        fetch(world(Page(LIST), issuer="Somebody"), tmp_path)
    assert failed.value.failure == "ssl_unknown_authority"
    silent = MemoryNet(names={"lists.example": (SITE,)})
    with pytest.raises(NetworkFailure) as failed:
        fetch(silent, tmp_path, timeout_s=0.1)
    assert failed.value.failure == "generic_timeout_error"


def test_the_command_line_fetches_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = MemoryNet(
        names={"lists.example": (SITE,)}, tcp={(SITE, 443): site("lists.example", page=Page(LIST))}
    )
    monkeypatch.setattr("banwatch.probe.inputs.sources.RealNet", lambda: net)
    chosen = settings(tmp_path)
    assert read_list("https://lists.example/kp.csv", chosen, print) == [Input("https://a.example/", "NEWS")]
    with pytest.raises(BanwatchError, match="https:// only"):
        read_list("http://lists.example/kp.csv", chosen, print)
    with pytest.raises(BanwatchError, match="dns_nxdomain_error"):
        read_list("https://nowhere.example/kp.csv", chosen, print)


def test_no_list_is_fetched_before_somebody_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("banwatch.probe.inputs.sources.RealNet", lambda: pytest.fail("it fetched"))
    with pytest.raises(BanwatchError, match="Nobody has agreed"):
        create_app()(["probe", "--list", "https://lists.example/kp.csv"])


def test_own_addresses_reach_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("BANWATCH_REFERENCE", str(place_lists(tmp_path)))
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr("banwatch.probe.run.run_probe", lambda *given: started.append(given))
    measure = ["probe", "--list", "kp", "--list", "global", "--i-understand"]
    own = ["--own-address", "198.51.100.7", "--own-address", "2001:db8::7"]
    assert run_cli(*measure, *own) == 0
    [(inputs, _, chosen, *_)] = started
    assert inputs == ["https://a.example/", "https://b.example/"]
    assert chosen.own_addresses == ("198.51.100.7", "2001:db8::7")
    monkeypatch.setenv("BANWATCH_OWN_ADDRESS", "203.0.113.9")
    assert run_cli(*measure) == 0
    assert started[1][2].own_addresses == ("203.0.113.9",)
    with pytest.raises(BanwatchError, match="No address"):
        create_app()([*measure, "--own-address", "home"])
