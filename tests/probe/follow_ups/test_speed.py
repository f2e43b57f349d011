"""A page that comes slowly, beside its twin."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from banwatch.net.memory import Handler, MemoryStream
from banwatch.probe.settings import Timeouts
from tests.probe.follow_ups.test_connection import names_of
from tests.probe.scenes import (
    SITE,
    Scene,
    measure_site,
)


def slow_page(size: int, pause_s: float) -> Handler:
    """A page that drips, four kilobytes at a time."""

    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // 4096):
            await stream.write(b"x" * 4096)
            await asyncio.sleep(pause_s)

    return serve


TWIN = "93.184.216.88"


def speed_keys(folder: Path, size: int, pause_s: float) -> dict[str, Any]:
    scene = Scene(tcp={(SITE, 80): slow_page(size, pause_s), (TWIN, 80): slow_page(size, 0.0)})
    keys: dict[str, Any] = measure_site(
        scene, folder, "http://site.example/", twin_url=f"http://{TWIN}/", timeouts=SLOW_PAGES
    )["test_keys"]
    return keys


SLOW_PAGES = Timeouts(dns_s=0.2, dns_late_s=0.1, tcp_s=0.2, tls_s=0.2, http_s=0.8, control_s=0.5)


@pytest.mark.parametrize("pause_s", [0.05, 0.2])
def test_a_page_that_drips_is_compared_with_its_twin(tmp_path: Path, pause_s: float) -> None:
    keys = speed_keys(tmp_path, 40960, pause_s)
    arrivals = [e for e in keys["network_events"] if e["operation"] == "bytes_received_cumulative"]
    ours = [e for e in arrivals if "fetch_body=true" in e["tags"]]
    twins = [e for e in arrivals if "follow_up=throughput_other" in e["tags"]]
    sizes = [e["num_bytes"] for e in ours]
    assert sizes == sorted(sizes)
    assert twins[-1]["num_bytes"] >= 32768

    def rate(events: list[dict[str, Any]]) -> float:
        seconds: float = events[-1]["t"] - events[0]["t"]
        return (events[-1]["num_bytes"] - events[0]["num_bytes"]) / max(seconds, 1e-6)

    assert rate(twins) > 5 * rate(ours)


def test_a_page_that_comes_quickly_has_no_twin(tmp_path: Path) -> None:
    assert "throughput_other" not in names_of(speed_keys(tmp_path, 40960, 0.0))


@pytest.mark.parametrize("twin_url", [None, ""])
def test_a_slow_page_of_16_kib_without_a_twin_asks_the_helper(tmp_path: Path, twin_url: str | None) -> None:
    """`lab play` once named an empty twin, and crashed where a page of 16 KiB came slowly."""
    scene = Scene(tcp={(SITE, 80): slow_page(16_384, 0.06)})
    keys = measure_site(scene, tmp_path, "http://site.example/", twin_url=twin_url, timeouts=SLOW_PAGES)[
        "test_keys"
    ]
    assert keys["requests"][-1]["failure"] is None
    assert "throughput_other" in names_of(keys)


def test_a_page_of_which_only_the_head_came_is_compared_too(tmp_path: Path) -> None:
    """Inside TLS nothing of a record can be read before all of it came: at 40 kbit/s after three seconds."""

    async def head_alone(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 40960\r\n\r\n")
        await asyncio.sleep(1.2)

    scene = Scene(tcp={(SITE, 80): head_alone, (TWIN, 80): slow_page(40960, 0.0)})
    keys = measure_site(
        scene, tmp_path, "http://site.example/", twin_url=f"http://{TWIN}/", timeouts=SLOW_PAGES
    )["test_keys"]
    assert any("follow_up=throughput_other" in event["tags"] for event in keys["network_events"])
