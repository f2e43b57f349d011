"""The helper until it is told to stop."""

import asyncio
import signal
import ssl
import sys
from dataclasses import replace
from pathlib import Path

from banwatch.helper import create_helper
from banwatch.helper.settings import HelperSettings
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.net.endpoint import parse_endpoint
from banwatch.reference import load


async def serve_helper(settings: HelperSettings, host: str, port: int, certificate: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; says on stderr where."""
    for resolver in settings.resolvers:
        try:
            parse_endpoint(resolver)
        except ValueError as error:
            raise BanwatchError(
                f"No resolver: {resolver!r}", "Expected an address such as 9.9.9.9:53."
            ) from error
    reference = load()

    def asn_of(ip: str) -> Asn:
        network = reference.network_of(ip)
        return network.asn if network is not None else UNKNOWN_ASN

    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(certificate)
        except (OSError, ssl.SSLError) as error:
            raise BanwatchError(
                f"Cannot use {certificate}: {error}", "Expected a PEM file with a certificate and its key."
            ) from error
    helper = create_helper(replace(settings, asn_of=asn_of))
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    listening = await helper.start(host, port, context)
    scheme = "https" if context else "http"
    print(
        f"helper at {scheme}://{f'[{host}]' if ':' in host else host}:{listening}/",
        file=sys.stderr,
        flush=True,
    )
    try:
        await stopped.wait()
    finally:
        await helper.stop()
