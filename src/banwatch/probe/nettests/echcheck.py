"""The `echcheck` nettest (OONI ts-039): does a ClientHello with the ECH extension get through.

Three handshakes at one address, in random order: with the extension and the site's own name outside, with the
extension and another name outside, and without it. The extension is GREASE: nobody on the way can tell.
"""

import asyncio
import base64
from collections.abc import Mapping

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.seam import TlsFacts
from banwatch.net.tls.ech import GREASE, make_grease
from banwatch.net.tls.tls13 import shake_hands_with
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.written_records import Query

_ALPN = ("h2", "http/1.1")


class EchcheckData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sites that hands are shaken with."""

    inputs: tuple[str, ...]
    other_name: str
    """A name of the same operator, which is shown in place of the site's."""


DATA = read_data("echcheck", EchcheckData)


async def measure_ech(context: NettestContext, given: str) -> Mapping[str, object]:
    """Shake hands in three ways with a site inside TLS; the test keys."""
    url = parse_target_url(given)
    queries: list[Query] = []
    connects: list[wire.TcpConnect] = []
    shakes: list[wire.TlsHandshake] = []
    addresses = [url.address] if url.address is not None else []
    failure: Failure | None = None
    if url.address is None:
        query, addresses = await context.look_up(url.host)
        queries.append(query)
        failure = query.failure or (None if addresses else df007.DNS_NO_ANSWER)
    if addresses:
        endpoint = Endpoint(addresses[0], url.port)
        other = DATA.other_name
        ways: list[str | None] = [None, url.host, other]
        context.settings.rng.shuffle(ways)
        async with context.politeness.addresses.hold(endpoint.ip):
            for outer in ways:
                await _shake(context, endpoint, url.host, outer, connects, shakes)
    return {
        "failure": failure,
        "network_events": context.trace.events,
        "queries": queries,
        "tcp_connect": connects,
        "tls_handshakes": shakes,
    }


async def _shake(
    context: NettestContext,
    endpoint: Endpoint,
    host: str,
    outer: str | None,
    connects: list[wire.TcpConnect],
    shakes: list[wire.TlsHandshake],
) -> None:
    """Shake hands on a connection of its own: with ECH and this outer name, or (None) without."""
    settings = context.settings
    trace = context.begin()
    stream, connect = await tcp_connect(context.net, endpoint, timeout_s=settings.timeouts.tcp_s, trace=trace)
    connects.append(connect)
    if stream is None:
        return
    t0 = trace.elapsed_s()
    facts: TlsFacts | None = None
    failure: Failure | None = None
    further = () if outer is None else (make_grease(settings.rng),)
    name = outer or host
    try:
        async with asyncio.timeout(settings.timeouts.tls_s):
            facts = await shake_hands_with(stream, name, alpn=_ALPN, further=further)
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    finally:
        stream.close()
    trace.note("tls_handshake_done", str(endpoint), t0, failure)
    if facts is not None:
        failure = context.roots.problem(facts.peer_certificates, name, settings.now())
    certificates = facts.peer_certificates if facts is not None else ()
    shakes.append(
        wire.TlsHandshake(
            network="tcp",
            address=str(endpoint),
            server_name=host,
            outer_server_name=outer,
            echconfig=None if outer is None else GREASE,
            failure=failure,
            cipher_suite=facts.cipher_suite if facts is not None else "",
            tls_version=facts.version if facts is not None else "",
            negotiated_protocol=facts.alpn if facts is not None else "",
            no_tls_verify=False,
            peer_certificates=[
                wire.Binary(data=base64.b64encode(one).decode("ascii")) for one in certificates
            ],
            t0=t0,
            t=trace.elapsed_s(),
            transaction_id=trace.transaction_id,
            tags=[],
        )
    )


def _check_input(given: str) -> None:
    if not given.startswith("https://"):
        raise ValueError("expected https://host/")
    parse_target_url(given)


NETTEST = Nettest(
    name="echcheck",
    version="0.2.0",
    spec="ts-039",
    purpose="Does a ClientHello with the ECH extension get through.",
    risk="It looks as if the person visited the site with a browser that hides names.",
    measure=measure_ech,
    inputs=DATA.inputs,
    check_input=_check_input,
)
