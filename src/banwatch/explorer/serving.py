"""The app, run on a port of this machine until it is interrupted."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from fastapi import FastAPI

from banwatch.explorer.allocator import return_large_blocks
from banwatch.explorer.app import create_app
from banwatch.explorer.guard import site_address
from banwatch.net.http.clients import Proxies
from banwatch.net.listening import check_certificate, listen
from banwatch.store import Store

_GRACE_S = 10
"""Time that open requests may take after the server was asked to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """Names and surroundings of a site."""

    public_url: str = ""
    """Address by which readers know the site; empty is the address that is listened on."""
    names: tuple[str, ...] = ()
    """Further host names that the site may be asked for."""
    proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies; only they are believed about their clients' addresses."""


_DEFAULT = ServingSettings()


def serve(
    store_path: str | Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    recorded: bool = False,
    announce: Callable[[str], None] | None = None,
    extend: Callable[[FastAPI], None] | None = None,
    certificate: Path | None = None,
    settings: ServingSettings = _DEFAULT,
    stopping: threading.Event | None = None,
) -> None:
    """Serve the explorer until it is interrupted.

    Args:
        store_path: the database.
        host: address to listen on; by default nobody but this machine can reach it.
        port: None is the first free one from 8080 on.
        recorded: the measurements were replayed from a recording; every page says so.
        announce: called with the address once it is listened on.
        extend: adds routes of others to the app.
        certificate: PEM file with certificate and key, to serve with TLS.
        settings: names of the site, and the proxies before it.
        stopping: set once the server was asked to end, so that long answers end too.

    Raises:
        BanwatchError: the store cannot be opened, a proxy is no address, the certificate cannot be used, or
            there is no free port.
    """
    import uvicorn

    from banwatch.explorer.connections import ConnectionTable, allow_open_files, limit_log, protocol_over

    if certificate is not None:
        check_certificate(certificate)
    proxies = Proxies(settings.proxies)
    Store.open(Path(store_path), read_only=True).close()  # a clear message, before a server is started
    listening = listen(host, port)
    try:
        name = f"[{host}]" if ":" in host else host
        address = f"http{'s' if certificate else ''}://{name}:{listening.getsockname()[1]}"
        if announce:
            announce(address + "/")
        is_everywhere = host in ("0.0.0.0", "::")  # which is no address to link to
        site = site_address(settings.public_url or ("" if is_everywhere else address), settings.names)
        app = create_app(store_path, recorded=recorded, site=site, proxies=proxies)
        if extend:
            extend(app)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # readers' addresses and requests are not noted
            workers=1,
            http=protocol_over(ConnectionTable(proxies)),
            ws="none",
            proxy_headers=False,  # the guard believes the proxies that were named, and no others
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=certificate,
        )
        allow_open_files()
        return_large_blocks()
        limit_log()

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                if stopping is not None:
                    stopping.set()
                super().handle_exit(sig, frame)

        Server(config).run(sockets=[listening])
    finally:
        listening.close()
