"""One lookup inside HTTPS (RFC 8484), where nobody on the way can answer instead."""

from datetime import datetime

from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.steps.dns_streams import lookup_doh_types
from banwatch.probe.steps.resolver_links import ResolverLinks
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query


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
    """Ask for one type only, on a connection of its own; see `lookup_doh_types`."""
    links = ResolverLinks()
    [query] = await lookup_doh_types(
        net,
        resolver_ip,
        hostname,
        (query_type,),
        roots=roots,
        at=at,
        timeout_s=timeout_s,
        links=links,
        traces=(trace,),
    )
    links.close()
    return query
