"""The `network` nettest: how much of a network is there at all. Made where nothing else could be measured.

The results distinguish a shutdown from a probe whose cable is out: link, way out, resolvers, and a few hosts
that are reached from everywhere (anchors). No address of the person's own network is written down.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from banwatch.net.endpoint import parse_endpoint
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest
from banwatch.probe.steps.dns import begin_udp_lookup, lookup_system
from banwatch.probe.steps.tcp import tcp_connect

ANCHORS = ("1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443")
_INTERFACES = Path("/sys/class/net")
_ROUTES = Path("/proc/net/route")
_UP = 0x1


def has_link(interfaces: Path = _INTERFACES) -> bool | None:
    """Return whether any interface but loopback has a carrier; None where the system does not say."""
    try:
        names = [path for path in interfaces.iterdir() if path.name != "lo"]
    except OSError:
        return None
    carriers = []
    for path in names:
        try:
            carriers.append((path / "carrier").read_text().strip() == "1")
        except OSError:
            carriers.append(False)  # an interface that is down does not even say
    return any(carriers)


def has_way_out(table: Path = _ROUTES) -> bool | None:
    """Return whether there is a default route over IPv4; None where the system does not say."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return None
    return any(len(row) > 3 and row[1] == "00000000" and int(row[3], 16) & _UP for row in rows)


async def measure_network(context: NettestContext, given: str) -> Mapping[str, object]:
    """Try link, way out, resolvers and anchors; the test keys."""
    del given  # it has no inputs
    net, settings, trace = context.net, context.settings, context.trace
    times = settings.timeouts
    name = settings.innocent_name
    lookups = [
        begin_udp_lookup(
            parse_endpoint(resolver), name, "A", rng=settings.rng, trace=trace.transaction(20001 + index)
        )
        for index, resolver in enumerate(settings.resolvers)
    ]
    connects = [
        tcp_connect(
            net, parse_endpoint(anchor), timeout_s=times.tcp_s, trace=trace.transaction(50001 + index)
        )
        for index, anchor in enumerate(ANCHORS)
    ]
    try:
        queries, connected = await asyncio.gather(
            asyncio.gather(
                lookup_system(net, name, timeout_s=times.dns_s, trace=trace.transaction(10001)),
                *(lookup.first(net, timeout_s=times.dns_s) for lookup in lookups),
            ),
            asyncio.gather(*connects),
        )
    finally:
        for lookup in lookups:
            lookup.close()
    for stream, _ in connected:
        if stream is not None:
            stream.close()
    reached = sum(record.status is not None and bool(record.status.success) for _, record in connected)
    return {
        "link": has_link(),
        "way_out": has_way_out(),
        "resolvers_answering": sum(query.failure is None for query in queries),
        "anchors_reached": reached,
        "success": reached > 0,
        "failure": None if reached else next((r.status.failure for _, r in connected if r.status), None),
        "queries": queries,
        "tcp_connect": [record for _, record in connected],
        "network_events": trace.events,
    }


NETTEST = Nettest(
    name="network",
    version="0.1.0",
    spec="",
    purpose="How much of a network is there at all: link, way out, resolvers, anchors.",
    risk="It looks like any device that checks whether it is online.",
    measure=measure_network,
)
