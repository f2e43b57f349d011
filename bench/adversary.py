"""What single hostile requests cost: memory and time of each, in a process of its own.

Run: `python bench/adversary.py [--json]`. Memory is the growth of the highest resident size of the process
over that before the attack, whose body lies ready; each line also says whether it was taken or refused.
"""

import argparse
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

HEAD = '"test_name":"web_connectivity","measurement_start_time":"2026-01-01 00:00:00","probe_cc":"KP"'


def _values(value: str, size_bytes: int) -> bytes:
    many = ",".join([value] * (size_bytes // (len(value) + 1)))
    return f'{{{HEAD},"test_keys":{{"tcp_connect":[{many}]}}}}'.encode()


def _submission(body: bytes, encoding: str = "") -> str:
    from banwatch.collector.intake import read_submission_untrusted, unpack_untrusted
    from banwatch.model.errors import WireError

    try:
        read_submission_untrusted(unpack_untrusted(body, encoding), sender="198.51.100.77")
    except WireError as error:
        return f"refused: {error.reason[:60]}"
    return "taken"


def empty_objects() -> tuple[bytes, str]:
    """Make 30 MB of empty objects, packed."""
    return gzip.compress(_values("{}", 30_000_000), 1), "gzip"


def most_values() -> tuple[bytes, str]:
    """Make as many values as are taken."""
    return _values("{}", 149_000 * 3), ""


def long_text() -> tuple[bytes, str]:
    """Make one text of 30 MB, packed."""
    body = f'{{{HEAD},"test_keys":{{"body":"{"x" * 30_000_000}"}}}}'.encode()
    return gzip.compress(body, 1), "gzip"


def deep_nesting() -> tuple[bytes, str]:
    """Make a million open brackets."""
    return b'{"content":' + b"[" * 1_000_000, ""


ATTACKS = {attack.__name__: attack for attack in (empty_objects, most_values, long_text, deep_nesting)}


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def _run_one(name: str) -> None:
    _submission(_values("{}", 3_000))  # imports and caches
    body, encoding = ATTACKS[name]()
    Path("/proc/self/clear_refs").write_text("5")  # the highest size so far is forgotten
    before, began = _peak_bytes(), time.perf_counter()
    outcome = _submission(body, encoding)
    took_s = time.perf_counter() - began
    grown = round((_peak_bytes() - before) / (1 << 20), 1)
    print(json.dumps({"attack": name, "outcome": outcome, "grown_mib": grown, "took_s": round(took_s, 2)}))


def main() -> None:
    """Run every attack in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--one", choices=sorted(ATTACKS), help="run this one in this process")
    options = parser.parse_args()
    if options.one:
        _run_one(options.one)
        return
    for name in ATTACKS:
        ran = subprocess.run(
            [sys.executable, __file__, "--one", name], capture_output=True, text=True, timeout=100, check=True
        )
        row = json.loads(ran.stdout)
        print(
            json.dumps(row)
            if options.json
            else "{attack}: {grown_mib} MiB, {took_s} s, {outcome}".format(**row)
        )


if __name__ == "__main__":
    main()
