"""Cut connections: how one is recognised, and how a follow-up shakes hands again."""

import asyncio

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import CERTIFICATE_FAILURES, TIMEOUTS, UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.model.follow_up import FollowUp
from banwatch.net.endpoint import Endpoint
from banwatch.net.seam import TlsSettings
from banwatch.net.split_write import SplitFirstWrite
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake

RESETS = frozenset({df007.CONNECTION_RESET, df007.CONNECTION_ABORTED})
_CUT = RESETS | {df007.EOF} | TIMEOUTS
_REMOTE_ALERT = f"{UNKNOWN_FAILURE_PREFIX}remote error: tls:"
ALPN = ("h2", "http/1.1")


def was_cut(failure: Failure | None) -> bool:
    """Return whether a connection ended as one does that is cut on the way."""
    if failure is None or failure in CERTIFICATE_FAILURES:
        return False
    return failure in _CUT or failure.startswith(_REMOTE_ALERT)


async def rest(context: FollowUpContext) -> None:
    """Let a 3-tuple rest, where a setting says so: a remembered cut must not pass for a new one."""
    if context.settings.rest_s > 0:
        await asyncio.sleep(context.settings.rest_s)


async def shake_hands(
    context: FollowUpContext,
    name: FollowUp,
    server_name: str | None,
    endpoint: Endpoint,
    depth: int,
    *,
    patience: float = 1.0,
) -> Failure | None:
    """Shake hands with a name over a fresh connection; return the failure, if any.

    Args:
        context: the measurement.
        name: the follow-up; `split_hello` cuts the name in two, `resets_ignored` outlives resets.
        server_name: SNI; None sends none.
        endpoint: where to.
        depth: the redirect.
        patience: how many times as long as usual to wait.
    """
    trace = context.begin(name, depth)
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=times.tcp_s * patience, trace=trace)
    context.records.tcp_connects.append(connect)
    if stream is None:
        return connect.status.failure if connect.status else None
    try:
        if name == FollowUp.RESETS_IGNORED and not stream.ignore_resets():
            return df007.PERMISSION_DENIED  # without a handshake nothing can be misread
        used = (
            SplitFirstWrite(stream, (server_name or "").encode("ascii"))
            if name == FollowUp.SPLIT_HELLO
            else stream
        )
        tls, handshake = await tls_handshake(
            context.net,
            used,
            endpoint,
            TlsSettings(server_name=server_name, alpn=ALPN),
            roots=None,  # the certificate does not matter: getting through does
            at=context.settings.now(),
            timeout_s=times.tls_s * patience,
            trace=trace,
        )
        del tls
        context.records.tls_handshakes.append(handshake)
        context.records.note_tcp_info(stream, str(endpoint), trace)
    finally:
        stream.close()
    return handshake.failure


def ended(connect: wire.TcpConnect, failure: Failure | None, at_s: float) -> wire.TcpConnect:
    """Record with a connect how its connection ended, where the follow-up asked for that."""
    return wire.TcpConnect(
        ip=connect.ip,
        port=connect.port,
        status=wire.TcpStatus(success=failure is None, failure=failure),
        t0=connect.t0,
        t=at_s,
        transaction_id=connect.transaction_id,
        tags=connect.tags,
    )
