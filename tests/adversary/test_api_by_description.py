"""Requests at random from `/openapi.json`: no answer is an error of ours, or one that is not described."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from banwatch import reference
from banwatch.collector import own
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.keys import load_keys
from banwatch.collector.services.description import PATHS
from banwatch.collector.services.probe_services import TestHelpers
from banwatch.explorer.app import create_app
from banwatch.observatory.serve import _add_routes
from banwatch.pipeline.ingest import ingest
from tests.pipeline.measurement_lines import line

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
ASKED = {
    **dict.fromkeys(("probe_cc", "probe_asn", "test_name", "since", "until", "domain", "input"), TEXT),
    **dict.fromkeys(("order_by", "order", "axis_x", "axis_y", "category_code", "format"), TEXT),
    **dict.fromkeys(("report_id", "measurement_uid", "anomaly", "confirmed", "failure", "time_grain"), TEXT),
    **dict.fromkeys(("limit", "offset"), NUMBER),
}
"""Parameters that routes for OONI's clients read from a query; the description does not have them."""
TRUE_VALUES: dict[str, list[object]] = {
    "probe_cc": ["KP", "kp,DE", ""],
    "probe_asn": ["AS131279", "131279"],
    "since": ["2016-01-01", "2026-13-01", "0001-01-01T00:00:00Z"],
    "until": ["2017-01-01", "9999-12-31"],
    "axis_x": ["measurement_start_day", "probe_cc", "domain"],
    "axis_y": ["test_name", "input"],
    "order_by": ["measurement_start_time", "probe_asn"],
    "order": ["asc", "DESC"],
    "format": ["CSV", "JSON"],
    "time_grain": ["hour", "day", "auto"],
    "anomaly": ["true", "0"],
    "limit": [0, 1, -1, 10**30],
    "offset": [0, 10**18],
}
_PARTS = 4


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the whole application on loopback, over a store with some measurements."""
    folder = tmp_path_factory.mktemp("served")
    path = folder / "some.jsonl"
    path.write_bytes(b"\n".join(map(line, range(20))))
    with own(folder / "s.duckdb") as owner:
        assert owner is not None
        ingest(owner.store, [path], reference.load())
        keys = load_keys(folder / "key", make=True)
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            app = create_app(folder / "s.duckdb")
            _add_routes(app, receiver, TestHelpers(), Path(owner.store.archive.folder))
            with socket.create_server(("127.0.0.1", 0)) as listening:
                server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
                options = {"sockets": [listening]}
                thread = threading.Thread(target=server.run, kwargs=options, daemon=True)
                thread.start()
                while not server.started:
                    time.sleep(0.02)
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
                server.should_exit = True
                thread.join(20)


def described(address: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{address}/openapi.json", timeout=30).json()
    for operations in found["paths"].values():
        for operation in operations.values():
            if "ooni" in operation.get("tags", ()):
                have = {one["name"] for one in operation.setdefault("parameters", [])}
                operation["parameters"] += [
                    {"name": name, "in": "query", "schema": _schema_of(name)}
                    for name in ASKED
                    if name not in have
                ]
    return found


def _schema_of(name: str) -> dict[str, Any]:
    """Mix values that mean something with any others."""
    plain: dict[str, Any] = ASKED[name]
    return {"anyOf": [{"enum": TRUE_VALUES[name]}, plain]} if name in TRUE_VALUES else plain


def _readable(operation: Any) -> Any:
    return operation.ok()


def ask_all(address: str, part: int, examples: int, *modes: GenerationMode) -> int:
    """Ask a part of the operations, and return the number of requests."""
    schema = schemathesis.openapi.from_dict(described(address))
    schema.config.update(base_url=address)
    operations = sorted(map(_readable, schema.get_all_operations()), key=lambda one: str(one.label))
    asked = 0
    for operation, mode in ((one, mode) for one in operations[part::_PARTS] for mode in modes):

        @seed(1)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(checks=CHECKS, timeout=30)

        with suppress(Unsatisfiable):  # an operation without parameters has no wrong ones
            run()
    assert len(operations) > 40
    return asked


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_answer_is_described(address: str, part: int) -> None:
    assert ask_all(address, part, 3, GenerationMode.POSITIVE) > 10


def test_bodies_that_are_nested_too_deeply_are_refused(address: str) -> None:
    """Each of these was an error of ours on five routes."""
    nested = (b'{"x":' + b"[" * 60_000, b'{"a":' * 10_000, b"[" * 60_000, b"null", b"", b'"\\ud800"', b"\xff")
    for path, operations in PATHS.items():
        operation = operations.get("post")
        if operation is None:
            continue
        for body in nested:
            answer = requests.post(
                f"{address}{path.replace('{', '').replace('}', '')}", data=body, timeout=30
            )
            assert str(answer.status_code) in operation["responses"], (path, body[:10], answer.text[:200])


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_every_answer_to_many_requests_is_described(address: str, part: int) -> None:
    assert ask_all(address, part, 12, GenerationMode.POSITIVE, GenerationMode.NEGATIVE) > 100
