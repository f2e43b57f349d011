"""`banwatch serve`: the explorer on this machine, and the collector of an observatory."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, StoreOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        store: StoreOption = DEFAULT_STORE,
        host: Annotated[
            str, typer.Option("--host", help="Address to listen on; by default only this machine reaches it.")
        ] = "127.0.0.1",
        port: Annotated[
            int | None, typer.Option("--port", help="Port; by default the first free one from 8080 on.")
        ] = None,
        collector: Annotated[
            bool,
            typer.Option("--collector", help="Receive measurements from probes, too (docs/collector.md)."),
        ] = False,
        key: Annotated[
            Path | None,
            typer.Option(help="The collector's private key; by default a file beside the store."),
        ] = None,
        helper: Annotated[
            list[str] | None,
            typer.Option(help="Address of a helper that OONI's probes are given; may be repeated."),
        ] = None,
        tcp_echo: Annotated[
            list[str] | None,
            typer.Option(help="IP address that echoes bytes at port 80, for probes; may be repeated."),
        ] = None,
        headers_helper: Annotated[
            list[str] | None,
            typer.Option(help="Address that echoes HTTP headers, http://..., for probes; may be repeated."),
        ] = None,
        per_minute: Annotated[
            int, typer.Option(min=0, help="Submissions that one client may send in a minute; 0: any number.")
        ] = 1_200,
        certificate: Annotated[
            Path | None, typer.Option(help="PEM file with certificate and key: listens with TLS.")
        ] = None,
        public_url: Annotated[
            str, typer.Option(help="Address by which readers know the site, such as https://example.org.")
        ] = "",
        name: Annotated[
            list[str] | None,
            typer.Option("--name", help="Further host name that the site may be asked for; may be repeated."),
        ] = None,
        proxy: Annotated[
            list[str] | None,
            typer.Option(
                "--proxy",
                help="Address of a reverse proxy that names its clients' addresses; may be repeated.",
            ),
        ] = None,
    ) -> None:
        """Show measurements as web pages, until Ctrl-C.

        While it runs it owns the store: other commands do their work through it. With --collector it takes
        measurements from probes, ours and OONI's, and shows them some seconds later.
        """
        from banwatch.cli.views.messages import note
        from banwatch.collector.collecting import CollectorSettings
        from banwatch.collector.services.probe_services import TestHelpers
        from banwatch.explorer.serving import ServingSettings
        from banwatch.observatory.serve import serve_store

        settings = CollectorSettings(per_minute=per_minute) if collector else None
        serve_store(
            store,
            host,
            port,
            collector=settings,
            key=key,
            helpers=TestHelpers(
                web=tuple(helper or ()), tcp_echo=tuple(tcp_echo or ()), headers=tuple(headers_helper or ())
            ),
            certificate=certificate,
            settings=ServingSettings(
                public_url=public_url, names=tuple(name or ()), proxies=tuple(proxy or ())
            ),
            announce=lambda address: note(f"Banwatch is at {address} (Ctrl-C ends it)"),
            announce_key=lambda public: note(f"It collects; probes need --collector-key {public}"),
        )
