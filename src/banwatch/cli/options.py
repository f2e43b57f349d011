"""Options that several commands share, each spelled once."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.completion import countries, states
from banwatch.cli.parsing import parse_country, parse_network, parse_target, parse_time
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn
from banwatch.model.state import State

DEFAULT_STORE = "banwatch.duckdb"
"""Database file of a command without `--store`."""

StoreOption = Annotated[
    str,
    typer.Option("--store", help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE"),
]
StoreFileOption = Annotated[Path, typer.Option("--store", help="The database file.", envvar="BANWATCH_STORE")]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        parser=parse_time,
        metavar="TIME",
        help="From this time on: 2016-04-04, 7d, yesterday (UTC).",
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", parser=parse_time, metavar="TIME", help="Before this time (UTC)."),
]
CountryOption = Annotated[
    str | None,
    typer.Option(
        "--cc",
        "--country",
        parser=parse_country,
        metavar="COUNTRY",
        help="Country: KP, or its name.",
        autocompletion=countries,
    ),
]
NetworkOption = Annotated[
    Asn | None,
    typer.Option("--asn", parser=parse_network, metavar="ASN", help="Network, such as AS131279."),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        parser=parse_target,
        metavar="SITE",
        help="Target: youtube.com, an address of a page on it, or an app such as telegram.",
    ),
]
TierOption = Annotated[
    str | None, typer.Option("--tier", metavar="NAME", help="Access tier, such as visitor.")
]
StateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help=f"State: {', '.join(State)}. May be repeated, or several with commas between.",
        autocompletion=states,
    ),
]


class RowFormat(StrEnum):
    """Form of a list."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"


RowFormatOption = Annotated[
    RowFormat, typer.Option("--format", help="Form of the rows.", case_sensitive=False)
]
BansOption = Annotated[
    Path | None,
    typer.Option(
        "--bans", metavar="FOLDER", help="Bans of your own, besides those that ship.", envvar="BANWATCH_BANS"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for machines.")]


def refuse_together(given: Mapping[str, bool]) -> None:
    """Refuse options that exclude each other.

    Args:
        given: names of the options, and whether each was given.

    Raises:
        BanwatchError: more than one was given.
    """
    if sum(given.values()) > 1:
        *most, last = given
        raise BanwatchError(f"{', '.join(most)} and {last} exclude each other", "Give one of them")
