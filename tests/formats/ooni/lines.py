"""Lines of OONI's format for the tests, and what they are read as."""

import json
from typing import Any

from banwatch.formats.ooni import Observed, decode_untrusted, observe

BASE: dict[str, Any] = {
    "test_name": "web_connectivity",
    "measurement_start_time": "2019-05-06 07:08:09",
    "probe_asn": "AS131279",
    "probe_cc": "KP",
    "input": "http://www.example.com/",
    "test_keys": {},
}


def read(**changes: Any) -> Observed:
    return observe(decode_untrusted(json.dumps({**BASE, **changes}).encode()), lambda host: host)
