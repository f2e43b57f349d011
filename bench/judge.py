"""What evidence and judgement cost, beside decoding the same lines' JSON, in one run on one core.

    .venv/bin/python bench/judge.py [--json] [FILE.jsonl ...]

Without files: the scenarios of the tests, and ../shared/data/webconnectivity where it is there.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from banwatch.formats.ooni import decode_untrusted, observe  # noqa: E402  # the tests' folder comes first
from banwatch.judge import judge, weigh  # noqa: E402  # as above
from banwatch.reference import load  # noqa: E402  # as above
from tests.judge.scenario import Scenario  # noqa: E402  # as above
from tests.judge.test_scenarios import CENSORED, HONEST  # noqa: E402  # as above

SECONDS = 1.0
"""How long each stage is repeated, at least."""


def main() -> None:
    as_json = "--json" in sys.argv[1:]
    files = [Path(name) for name in sys.argv[1:] if not name.startswith("-")]
    results = [measure(name, lines) for name, lines in corpora(files)]
    if as_json:
        print(json.dumps(results))
        return
    for result in results:
        print(f"{result['corpus']}: {result['measurements']} lines of {result['bytes_each']:,.0f} bytes")
        for stage, cost in result["us_each"].items():
            print(f"  {stage:<18} {cost:8.1f} us  {cost / result['us_each']['json (orjson)']:5.2f} x orjson")
        print(f"  evidence + verdict: {result['evidence_and_judge_ratio']:.2f} x orjson's decoding")


def corpora(files: Sequence[Path]) -> list[tuple[str, list[bytes]]]:
    """The lines to measure, by name."""
    if files:
        return [(path.name, path.read_bytes().splitlines()) for path in files]
    scenarios = [Scenario(), *(scenario for scenario, _ in (*CENSORED.values(), *HONEST.values()))]
    found = [("scenarios", [scenario.to_line() for scenario in scenarios])]
    shared = ROOT.parent / "shared" / "data" / "webconnectivity"
    for name in ("emulated", "real"):
        path = shared / f"{name}.jsonl"
        if path.is_file():
            found.append((name, path.read_bytes().splitlines()))
    return found


def measure(name: str, lines: list[bytes]) -> dict[str, Any]:
    """Time each stage on all lines; microseconds a line."""
    reference = load()
    wires = [decode_untrusted(line) for line in lines]
    observed = [observe(wire, reference.target_of) for wire in wires]
    evidence = [weigh(one, reference) for one in observed]
    costs = {
        "json (orjson)": cost(orjson.loads, lines),
        "json (msgspec)": cost(msgspec.json.decode, lines),
        "decode": cost(decode_untrusted, lines),
        "observe": cost(lambda wire: observe(wire, reference.target_of), wires),
        "weigh": cost(lambda one: weigh(one, reference), observed),
        "judge": cost(judge, evidence),
    }
    return {
        "corpus": name,
        "measurements": len(lines),
        "bytes_each": sum(map(len, lines)) / len(lines),
        "us_each": costs,
        "evidence_and_judge_ratio": (costs["weigh"] + costs["judge"]) / costs["json (orjson)"],
    }


def cost(work: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """Microseconds that one input takes; the best of several rounds, as the rest is other programs' doing."""
    best, elapsed_s = float("inf"), 0.0
    while elapsed_s < SECONDS:
        begun = time.perf_counter()
        for one in inputs:
            work(one)
        took = time.perf_counter() - begun
        best, elapsed_s = min(best, took), elapsed_s + took
    return best / len(inputs) * 1e6


if __name__ == "__main__":
    main()
