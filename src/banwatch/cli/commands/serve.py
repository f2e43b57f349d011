"""`banwatch serve`: the explorer on this machine, and the collector of an observatory."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        config: Annotated[
            Path | None,
            typer.Option("--config", envvar="BANWATCH_CONFIG", help="Settings file (docs/settings.md)."),
        ] = None,
        store: Annotated[
            str | None, typer.Option("--store", help="A file, or clickhouse://user@host/name.")
        ] = None,
        host: Annotated[
            str | None,
            typer.Option("--host", help="Address to listen on; by default only this machine reaches it."),
        ] = None,
        port: Annotated[
            int | None, typer.Option("--port", help="Port; by default the first free one from 8080 on.")
        ] = None,
        collector: Annotated[
            bool | None,
            typer.Option("--collector", help="Receive measurements from probes, too (docs/collector.md)."),
        ] = None,
        key: Annotated[
            Path | None,
            typer.Option(help="The collector's private key; by default a file beside the store."),
        ] = None,
        public_key: Annotated[
            str | None,
            typer.Option(
                help="The collector's public key, where the private one is on another machine: what comes "
                "sealed is kept sealed, until `banwatch collector open` there."
            ),
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
            int | None,
            typer.Option(
                min=0, help="Submissions that one client may send in a minute; 0: any number. [default: 1200]"
            ),
        ] = None,
        certificate: Annotated[
            Path | None, typer.Option(help="PEM file with certificate and key: listens with TLS.")
        ] = None,
        public_url: Annotated[
            str | None,
            typer.Option(help="Address by which readers know the site, such as https://example.org."),
        ] = None,
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
        measurements from probes, ours and OONI's, and shows them some seconds later. Whatever is given here
        goes before the settings file.
        """
        from banwatch.cli.views.messages import note
        from banwatch.observatory.serve import serve_settings
        from banwatch.observatory.settings.inspect import settings_with

        settings = settings_with(
            config,
            {
                "store": store,
                "serve.host": host,
                "serve.port": port,
                "collector.enabled": collector,
                "collector.key": str(key) if key else None,
                "collector.public_key": public_key,
                "collector.helpers": helper,
                "collector.tcp_echo": tcp_echo,
                "collector.headers_helpers": headers_helper,
                "collector.per_minute": per_minute,
                "serve.certificate": str(certificate) if certificate else None,
                "serve.public_url": public_url,
                "serve.names": name,
                "serve.proxies": proxy,
            },
        )
        serve_settings(
            settings,
            announce=lambda address: note(f"Banwatch is at {address} (Ctrl-C ends it)"),
            announce_key=lambda key: note(
                f"It collects; probes need --collector-key {key.published}\nThat key in words: {key.words}"
            ),
        )
