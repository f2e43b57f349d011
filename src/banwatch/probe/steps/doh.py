"""One lookup inside HTTPS (RFC 8484), where nobody on the way can answer instead."""

from datetime import datetime

from banwatch.net.certificates import Roots
from banwatch.net.seam import Net
from banwatch.probe.record import Query
from banwatch.probe.steps.dns_streams import lookup_doh_types
from banwatch.probe.trace import Trace


async def lookup_doh(
    net: Net,
    resolver_ip: str,
    hostname: str,
    query_type: str,
    *,
    roots: Roots,
    at: datetime,
    timeout_s: float,
    trace: Trace,
) -> Query:
    """Ask for one type only; see `lookup_doh_types`."""
    [query] = await lookup_doh_types(
        net,
        resolver_ip,
        hostname,
        (query_type,),
        roots=roots,
        at=at,
        timeout_s=timeout_s,
        traces=(trace,),
    )
    return query
