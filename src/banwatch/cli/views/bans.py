"""Bans and comparisons as text: tables for people, JSON for machines."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.table import Table

from banwatch.formats.json_views import ComparisonJson
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Source
from banwatch.model.ids import render_asn


def bans_json(bans: Ban | Sequence[Ban]) -> str:
    """Render bans as JSON, keys as the fields are named."""
    return _to_json(bans)


def comparisons_json(comparisons: Iterable[Comparison]) -> str:
    """Render comparisons as JSON, in their one shape."""
    return _to_json([ComparisonJson.from_comparison(one) for one in comparisons])


def _to_json(value: object) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2)


def bans_table(bans: Iterable[Ban]) -> Table:
    """Return a table of bans: id, country, beginning, end, title."""
    table = Table("id", "country", "begins", "ends", "title", box=None, pad_edge=False)
    for ban in bans:
        begins = ban.begins.isoformat() if ban.begins else UNSPECIFIED
        table.add_row(ban.ban_id, ban.country, begins, ban.ends, ban.title)
    return table


def ban_text(ban: Ban) -> str:
    """Return one ban as text: authority, targets, bound networks, penalty, and the chain of sources."""
    lines = [
        f"{ban.ban_id}: {ban.title}",
        "",
        f"country     {ban.country}",
        f"authority   {ban.authority}",
        f"targets     {', '.join(ban.targets) or 'none by name'}",
    ]
    if ban.categories:
        measured_by = {
            code: [target for c, target in ban.category_targets if c == code] for code in ban.categories
        }
        named = [
            f"{code} (measured by {', '.join(measured_by[code]) or 'nothing'})" for code in ban.categories
        ]
        lines.append(f"categories  {', '.join(named)}")
    for network in ban.binds:
        tier = f", {network.access_tier} access" if network.access_tier else ""
        name = f"{render_asn(network.asn)} {network.name}" if network.asn else network.name
        lines.append(f"binds       {name}{tier}")
    lines.append(f"begins      {ban.begins.isoformat() if ban.begins else UNSPECIFIED}")
    lines.append(f"ends        {ban.ends}")
    lines.append(f"penalty     {ban.penalty}")
    lines += ["", "sources"]
    lines += [f"  {_source(source)}" for source in ban.sources]
    if ban.notes:
        lines += ["", ban.notes]
    return "\n".join(lines)


def _source(source: Source) -> str:
    published = source.published.isoformat() if source.published else "undated"
    dated = {"year": published[:4], "month": published[:7]}.get(source.precision, published)
    cites = f" (citing {source.cites})" if source.cites else ""
    return f"{source.publisher}: {source.title}, {dated}{cites} {source.url}".rstrip()


def comparison_table(comparisons: Iterable[Comparison]) -> Table:
    """Return a table of comparisons, one target, network and tier a line."""
    table = Table(
        "target", "network", "tier", "announced", "measured", "since", "by", "count", box=None, pad_edge=False
    )
    for one in comparisons:
        table.add_row(
            one.target,
            render_asn(one.probe_asn),
            one.access_tier,
            "yes" if one.announced else "no",
            one.measured.replace("_", " "),
            _since(one),
            ", ".join(one.mechanisms),
            f"{one.interfered} of {one.measurements}",
        )
    return table


def _since(one: Comparison) -> str:
    if one.since is None:
        return ""
    if not one.since_known:
        return f"the first measurement, {_moment(one.since[1])}"
    return f"{_moment(one.since[0])} to {_moment(one.since[1])}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def print_table(table: Table) -> None:
    """Print a table on stdout; 240 columns wide where stdout is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)
