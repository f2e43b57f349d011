"""A store of some hundred measurements of three countries, for the tests of OONI's reading API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from banwatch.pipeline.ingest import ingest
from banwatch.reference import load
from banwatch.store import Store
from tests.pipeline.measurement_lines import line, write

PLACES = (("KP", "AS131279"), ("CN", "AS4134"), ("IR", "AS44244"))
DAYS = (1, 2, 3, 9)
PER_DAY = 6


def lines() -> Iterator[bytes]:
    """Make the lines: every third is cut off."""
    for day in DAYS:
        for number in range(PER_DAY):
            cc, asn = PLACES[number % len(PLACES)]
            uid = f"201604{day:02}235959.{number:06}_{cc}_webconnectivity_{number:016x}"
            yield line(
                number // len(PLACES) + 10 * (number % len(PLACES)),
                day=day,
                probe_cc=cc,
                probe_asn=asn,
                measurement_uid=uid,
                report_id=f"2016040{day}T000000Z_webconnectivity_{cc}_{asn[2:]}_n1_abcdefgh",
                probe_network_name=f"Network of {cc}",
            )
    yield line(91, probe_cc="ZZ", probe_asn="AS0")
    yield line(
        50,
        test_name="telegram",
        input=None,
        measurement_uid="20160401235959.000050_KP_telegram_0000000000000050",
        test_keys={
            "telegram_http_blocking": False,
            "telegram_tcp_blocking": False,
            "telegram_web_status": "ok",
            "requests": [],
            "tcp_connect": [],
            "queries": [],
            "tls_handshakes": [],
        },
    )


@contextmanager
def measured_store(folder: Path) -> Iterator[Store]:
    """Open a store of these measurements for reading."""
    write(folder / "lines.jsonl.gz", list(lines()))
    with Store.open(folder / "s.duckdb") as store:
        ingest(store, [str(folder / "lines.jsonl.gz")], load())
    with Store.open(folder / "s.duckdb", read_only=True) as store:
        yield store
