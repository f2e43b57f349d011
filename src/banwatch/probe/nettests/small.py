"""The small nettests, by name: how each is measured."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from banwatch.probe.nettests.dnscheck import measure_dnscheck
from banwatch.probe.nettests.header_fields import measure_header_fields
from banwatch.probe.nettests.means import Means
from banwatch.probe.nettests.request_lines import measure_request_lines
from banwatch.probe.nettests.stun import measure_stun
from banwatch.probe.nettests.tor import measure_tor

Measure = Callable[[Means, str], Coroutine[Any, Any, Mapping[str, object]]]
"""With an input, which is empty where a nettest has none; the test keys."""

SMALL: Mapping[str, Measure] = {
    "dnscheck": measure_dnscheck,
    "stunreachability": measure_stun,
    "http_invalid_request_line": measure_request_lines,
    "http_header_field_manipulation": measure_header_fields,
    "tor": measure_tor,
}
