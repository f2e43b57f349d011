"""TCP connect."""

import asyncio

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Net, Stream
from banwatch.net.traced import TracedNet
from banwatch.probe.trace import Trace


async def tcp_connect(
    net: Net, endpoint: Endpoint, *, timeout_s: float, trace: Trace, ttl: int | None = None
) -> tuple[Stream | None, wire.TcpConnect]:
    """Connect to an endpoint; the stream's reads and writes go into the trace.

    `ttl` limits how many hops the SYN, and what follows, goes. ICMP errors go into the trace.
    """
    t0 = trace.elapsed_s()
    stream: Stream | None = None
    failure: Failure | None = None
    try:
        async with asyncio.timeout(timeout_s):
            stream = await TracedNet(net, trace.sink).open_tcp(endpoint.ip, endpoint.port, ttl=ttl)
    except NetworkFailure as error:
        failure = error.failure
        trace.note_icmp_errors(str(endpoint), error.icmp_errors)
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    return stream, wire.TcpConnect(
        ip=endpoint.ip,
        port=endpoint.port,
        status=wire.TcpStatus(success=failure is None, failure=failure),
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=list(trace.tags),
    )
