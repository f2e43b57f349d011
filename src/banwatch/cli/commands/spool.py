"""`banwatch spool`: sealed measurements that are not delivered yet."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import JsonOption

SpoolOption = Annotated[Path, typer.Option("--spool", help="The spool's directory.", envvar="BANWATCH_SPOOL")]
_DEFAULT = Path("banwatch-spool")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    spool = typer.Typer(
        help="Measurements of this probe that are not delivered yet, sealed to the collector.",
        no_args_is_help=True,
    )
    app.add_typer(spool, name="spool")

    @spool.command("ls")
    def ls(
        folder: SpoolOption = _DEFAULT,
        as_json: JsonOption = False,
    ) -> None:
        """Count the sealed measurements. Only the collector can read them, not even this program."""
        from banwatch.cli.views.spool import show_spool
        from banwatch.probe.spool.push import open_spool

        show_spool(open_spool(folder), as_json=as_json)

    @spool.command("push")
    def push(
        collector: Annotated[str, typer.Argument(help="The collector's URL.")],
        folder: SpoolOption = _DEFAULT,
        proxy: Annotated[
            str | None, typer.Option(help="SOCKS5 proxy as ip:port; Tor's is 127.0.0.1:9050.")
        ] = None,
        ca_file: Annotated[Path | None, typer.Option(help="PEM file of the authorities to trust.")] = None,
        token_file: Annotated[
            Path | None,
            typer.Option(help="File with the token that `collector admit` printed: vouches for this probe."),
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Deliver measurements to the collector; those that it does not accept stay in the spool."""
        from banwatch.cli.views.progress import piece_progress
        from banwatch.cli.views.spool import note_new_key, show_delivery
        from banwatch.probe.spool.push import open_spool, parse_collector, push_now

        opened = open_spool(folder)
        to = parse_collector(collector, proxy=proxy, ca_file=ca_file, token_file=token_file)
        with piece_progress("delivering") as progress:
            delivered = push_now(opened, to, progress, note_new_key)
        show_delivery(delivered, as_json=as_json)

    @spool.command("export")
    def export(
        out: Annotated[Path, typer.Argument(help="File to write, to be carried by hand.")],
        folder: SpoolOption = _DEFAULT,
    ) -> None:
        """Write all sealed measurements to one file; they stay in the spool too."""
        from banwatch.probe.spool.push import open_spool

        print(f"{open_spool(folder).export(out)} sealed measurements in {out}")

    @spool.command("wipe")
    def wipe(
        folder: SpoolOption = _DEFAULT,
        sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Remove every measurement that is still in the spool."""
        from banwatch.cli.views.spool import confirm_wipe
        from banwatch.probe.spool.push import wipe_spool

        if not sure:
            confirm_wipe()
        print(f"{wipe_spool(folder)} measurements removed")

    @spool.command("keys")
    def keys(
        private: Annotated[Path, typer.Argument(help="File for the private key; must not exist yet.")],
    ) -> None:
        """Make a collector's keys: the private one into a file, the public one to stdout for the probes.

        The words of the public key, by which people compare it, go to stderr.
        """
        from banwatch.cli.views.spool import show_key
        from banwatch.probe.spool.key_file import make_key_file

        show_key(make_key_file(private))

    @spool.command("pin")
    def pin(
        key: Annotated[str, typer.Argument(help="The collector's new public key, as its operator gave it.")],
        folder: SpoolOption = _DEFAULT,
    ) -> None:
        """Seal to another key of the collector from now on; compare its words with the operator first."""
        from banwatch.cli.views.spool import show_key
        from banwatch.probe.spool.collector_key import parse_collector_key
        from banwatch.probe.spool.push import open_spool

        new = parse_collector_key(key)
        open_spool(folder).pin(new)
        show_key(new)

    @spool.command("open")
    def open_(
        private: Annotated[Path, typer.Argument(help="The collector's private key.")],
        bundles: Annotated[list[Path], typer.Argument(help="Files that `export` wrote, or sealed files.")],
    ) -> None:
        """Open sealed measurements with the collector's private key, and print them, one a line."""
        from banwatch.cli.views.spool import write_opened
        from banwatch.probe.spool.opening import open_sealed, read_private_keys

        keys = read_private_keys(private)
        write_opened(open_sealed([keys.current, *(key for key, _ in keys.older)], bundles))
