"""Run of the helper: starts it, and stops it on SIGINT or SIGTERM."""

import asyncio
import signal
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from banwatch.helper import create_helper
from banwatch.helper.middlebox import MiddleboxHelper
from banwatch.helper.settings import HelperSettings
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.net.endpoint import parse_endpoint
from banwatch.reference import load


def run_helper(
    settings: HelperSettings,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    echo_port: int | None = None,
    headers_port: int | None = None,
    announce: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: resolvers, limits and trusted authorities.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        certificate: PEM file with certificate and key, to speak TLS.
        echo_port: port of the echo for OONI's `http_invalid_request_line`, which asks at 80; None for none.
        headers_port: port of the echo of heads for OONI's `http_header_field_manipulation`; None for none.
        announce: called with the helper's URL once it listens, and with each of the echoes'.

    Raises:
        BanwatchError: a resolver is no address, or the certificate cannot be used.
    """
    asyncio.run(_serve(settings, host, port, certificate, (echo_port, headers_port), announce))


async def _serve(
    settings: HelperSettings,
    host: str,
    port: int,
    certificate: Path | None,
    middlebox_ports: tuple[int | None, int | None],
    announce: Callable[[str], None],
) -> None:
    _check_resolvers(settings)
    context = _load_certificate(certificate) if certificate is not None else None
    reference = load()

    def asn_of(ip: str) -> Asn:
        network = reference.network_of(ip)
        return network.asn if network is not None else UNKNOWN_ASN

    helper = create_helper(replace(settings, asn_of=asn_of))
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    listening = await helper.start(host, port, context)
    scheme = "https" if context else "http"
    shown = f"[{host}]" if ":" in host else host
    middlebox = MiddleboxHelper()
    echo_port, headers_port = middlebox_ports
    try:
        announce(f"{scheme}://{shown}:{listening}/")
        if echo_port is not None:
            announce(f"tcp://{shown}:{await middlebox.start_echo(host, echo_port)}")
        if headers_port is not None:
            announce(f"http://{shown}:{await middlebox.start_headers(host, headers_port)}/")
        await stopped.wait()
    finally:
        await middlebox.stop()
        await helper.stop()


def _check_resolvers(settings: HelperSettings) -> None:
    for resolver in settings.resolvers:
        try:
            parse_endpoint(resolver)
        except ValueError as error:
            raise BanwatchError(
                f"No resolver: {resolver!r}", "Expected an address such as 9.9.9.9:53."
            ) from error


def _load_certificate(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise BanwatchError(
            f"Cannot use {certificate}: {error}", "Expected a PEM file with a certificate and its key."
        ) from error
    return context
