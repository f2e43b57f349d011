"""Options that several commands share, each spelled once."""

from collections.abc import Mapping
from datetime import UTC, datetime
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
    datetime | None,
    typer.Option("--since", formats=_TIME_FORMATS, help="From this time on (UTC)."),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", formats=_TIME_FORMATS, help="Before this time (UTC)."),
]
CountryOption = Annotated[str | None, typer.Option("--cc", help="Country, such as KP.")]
NetworkOption = Annotated[str | None, typer.Option("--asn", help="Network, such as AS131279.")]
TargetOption = Annotated[str | None, typer.Option("--target", help="Target, such as youtube.com.")]
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


def as_utc(at: datetime | None) -> datetime | None:
    """Read a time without a zone as UTC; None stays None."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def parse_time(text: str | None) -> datetime:
    """Parse a time such as `2016-04-04T12:00Z`; None is now.

    Raises:
        typer.BadParameter: the text is no time.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a time such as 2016-04-04T12:00Z") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
