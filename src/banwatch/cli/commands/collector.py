"""`banwatch collector`: the key that probes seal to, and the size of the inbox."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from banwatch.model.receipt import SourceClass


def register(app: typer.Typer) -> None:
    """Add the commands."""
    collector = typer.Typer(
        help="The collector that `banwatch serve --collector` runs.", no_args_is_help=True
    )

    @collector.command()
    def key(
        store: StoreOption = DEFAULT_STORE,
        path: Annotated[
            Path | None, typer.Option("--key", help="The private key's file; by default beside the store.")
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Print the public key, for `banwatch probe --collector-key`; make the pair where there is none.

        The words of the key, by which people compare it, go to stderr.
        """
        import json

        from banwatch.cli.views.spool import show_key
        from banwatch.collector.beside_store import load_keys_of_store

        public = load_keys_of_store(store, path).public
        if as_json:
            print(json.dumps({"public_key": public.published, "words": public.words}))
        else:
            show_key(public)

    @collector.command("rotate-key")
    def rotate_key(
        store: StoreOption = DEFAULT_STORE,
        path: Annotated[
            Path | None, typer.Option("--key", help="The private key's file; by default beside the store.")
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        """Make a new key; the old one signs it for the probes, and opens for 90 days more.

        A running collector takes it at its next start. Where the private key is on another machine, copy
        KEY.hand-overs to the collector as `<store>.collector-key.hand-overs`, and give it the new public key.
        """
        import json

        from banwatch.cli.views.spool import show_key
        from banwatch.collector.beside_store import rotate_key_of_store

        rotation = rotate_key_of_store(store, path)
        if as_json:
            row = {"public_key": rotation.public.published, "words": rotation.public.words}
            print(json.dumps({**row, "old_key_until": rotation.until.isoformat()}))
        else:
            show_key(rotation.public)

    @collector.command("open")
    def open_(
        folder: Annotated[Path, typer.Argument(help="Sealed measurements: `<store>.sealed`, or a copy.")],
        path: Annotated[Path, typer.Option("--key", help="The private key's file.")],
        store: StoreOption = DEFAULT_STORE,
        as_json: JsonOption = False,
    ) -> None:
        """Open what a collector kept sealed, and ingest it here; it is deleted once the store has it."""
        import json
        from dataclasses import asdict

        from banwatch.collector.beside_store import load_keys_of_store
        from banwatch.observatory.open_sealed import open_sealed_store

        report = open_sealed_store(store, folder, load_keys_of_store(store, path))
        text = f"{report.opened} opened, {report.new} new, {report.refused} refused"
        print(json.dumps(asdict(report)) if as_json else text)

    @collector.command("ls")
    def ls(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
        """Count the files that were received and are not in the store yet."""
        import json
        from dataclasses import asdict

        from banwatch.collector.beside_store import measure_inbox

        inbox = measure_inbox(store)
        text = f"{inbox.files} files wait, {inbox.size_bytes / 1000:,.0f} kB"
        print(json.dumps(asdict(inbox)) if as_json else text)

    @collector.command()
    def admit(
        source_class: Annotated[SourceClass, typer.Argument(metavar="own|partner", help="Class it gets.")],
        name: Annotated[str, typer.Argument(help="Name of the source, for you.")],
        store: StoreOption = DEFAULT_STORE,
    ) -> None:
        """Admit a named source, and print the token that it sends: `Authorization: Bearer TOKEN`.

        The token is printed once; the file beside the store keeps its hash. It counts from the next start of
        the collector on, until its line in that file is taken out.
        """
        from banwatch.collector.beside_store import archive_path
        from banwatch.collector.receipts.source_keys import admit_source, source_keys_path

        print(admit_source(source_keys_path(archive_path(store)), source_class, name))

    @collector.command("rotate-credentials")
    def rotate_credentials(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
        """Begin to issue anonymous credentials with a new key; print the version of the new manifest.

        Credentials of the old key are checked, and can be updated, for 90 days more. A running collector
        takes the new key at its next start.
        """
        import json

        from banwatch.collector.beside_store import archive_path
        from banwatch.collector.credentials.issuer import rotate, today

        issuer = rotate(archive_path(store), today())
        version = issuer.version_of(issuer.keys[0])
        print(json.dumps({"manifest_version": version, "keys": len(issuer.keys)}) if as_json else version)

    app.add_typer(collector, name="collector")
