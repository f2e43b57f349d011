"""Options that several commands share, each spelled once."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, parse_asn

DEFAULT_STORE = "banwatch.duckdb"
"""Database file of a command without `--store`."""
_TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]

StoreOption = Annotated[
    str,
    typer.Option("--store", help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE"),
]
StoreFileOption = Annotated[Path, typer.Option("--store", help="The database file.", envvar="BANWATCH_STORE")]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", formats=_TIME_FORMATS, help="From then on (UTC).")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=_TIME_FORMATS, help="Until before then (UTC).")
]
CountryOption = Annotated[str | None, typer.Option("--cc", help="Country, such as KP.")]
NetworkOption = Annotated[str | None, typer.Option("--asn", help="Network, such as AS131279.")]
TargetOption = Annotated[str | None, typer.Option("--target", help="Target, such as youtube.com.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for machines.")]


def parse_network(asn: str | None) -> Asn | None:
    """Parse the number of `--asn`; None stays None.

    Raises:
        BanwatchError: the text is no AS number.
    """
    if asn is None:
        return None
    number = parse_asn(asn.upper())
    if not number:
        raise BanwatchError(f"{asn!r} is no network", "Give its AS number, such as AS131279")
    return number
