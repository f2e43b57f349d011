"""`banwatch helper`: the control server."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def helper(
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8089,
        certificate: Annotated[
            Path | None, typer.Option(help="PEM file with certificate and key: listens with TLS.")
        ] = None,
        resolver: Annotated[
            list[str] | None, typer.Option(help="Resolver to ask over UDP, ip:port; may be repeated.")
        ] = None,
        ca_file: Annotated[Path | None, typer.Option(help="PEM file of the authorities to trust.")] = None,
        own_address: Annotated[
            list[str] | None,
            typer.Option(help="Public address of this helper, which it never connects to."),
        ] = None,
        in_flight: Annotated[
            int, typer.Option(min=1, help="Number of requests worked on at the same time.")
        ] = 64,
        per_minute: Annotated[
            int, typer.Option(min=0, help="Requests that one address may send in a minute; 0: any number.")
        ] = 600,
        echo_port: Annotated[
            int | None,
            typer.Option(
                min=0,
                max=65535,
                help="Echo bytes at this port, for http_invalid_request_line: 80 for OONI's.",
            ),
        ] = None,
        headers_port: Annotated[
            int | None,
            typer.Option(
                min=0, max=65535, help="Echo HTTP headers at this port, for http_header_field_manipulation."
            ),
        ] = None,
    ) -> None:
        """Measure targets for probes, from a place where nobody interferes.

        Speaks the protocol of OONI's test helper. It connects to public addresses only, and keeps no log of
        requests.
        """
        from banwatch.cli.views.messages import note
        from banwatch.helper.running import run_helper
        from banwatch.helper.settings import HelperSettings

        settings = HelperSettings(
            resolvers=tuple(resolver or ()),
            ca_file=ca_file,
            own_addresses=tuple(own_address or ()),
            max_in_flight=in_flight,
            per_client_per_minute=per_minute,
        )
        run_helper(
            settings,
            host,
            port,
            certificate=certificate,
            echo_port=echo_port,
            headers_port=headers_port,
            announce=lambda address: note(f"helper at {address}"),
        )
