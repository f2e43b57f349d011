"""Bans and comparisons as text: tables for people, JSON for machines."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from banwatch.bans.draft_files import DraftReport
from banwatch.bans.register import CheckedFile
from banwatch.bans.schema import Problem
from banwatch.cli.views.json_lines import print_pretty_json
from banwatch.cli.views.messages import note
from banwatch.formats.json_views import ComparisonJson
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Source
from banwatch.model.ids import render_asn


def show_bans(bans: Sequence[Ban], *, as_json: bool) -> None:
    """Print the register: id, country, beginning, end and title of each ban."""
    if as_json:
        print_pretty_json(bans)
    else:
        _print_table(_bans_table(bans))


def show_ban(ban: Ban, *, as_json: bool) -> None:
    """Print one ban, with its chain of sources."""
    if as_json:
        print_pretty_json(ban)
    else:
        print(_ban_text(ban))


def show_comparisons(comparisons: Sequence[Comparison], *, as_json: bool) -> None:
    """Print what was announced against what was measured."""
    if as_json:
        print_pretty_json([ComparisonJson.from_comparison(comparison) for comparison in comparisons])
    else:
        _print_table(_comparison_table(comparisons))
        if not any(one.measurements for one in comparisons):
            note("banwatch: there are no measurements of this ban's targets on the networks that it binds")


def show_drafts(report: DraftReport, folder: Path) -> None:
    """Print how many drafts were written, and on stderr which rows were no bans."""
    for reason, lines in report.refused.items():
        rows = f"rows passed over: {len(lines)}, the first in line {lines[0]}: " if lines[0] else ""
        note(f"banwatch: {rows}{reason}")
    print(f"{report.written} drafts in {folder}")


def show_new_ban(path: Path, problems: Sequence[Problem]) -> None:
    """Print the path of a new ban file, what it lacks, and what can be done with it."""
    print(path)
    for problem in problems:
        note(f"to complete: {problem}")
    note(
        f"compare it now: banwatch bans compare {path}; use it everywhere: export BANWATCH_BANS={path.parent}"
    )


def show_checked(files: Sequence[CheckedFile], *, as_json: bool) -> bool:
    """Print what each ban file lacks; return whether all of them can be used."""
    usable = bool(files) and all(one.ban is not None for one in files)
    if as_json:
        print_pretty_json(
            [
                {
                    "file": str(one.path),
                    "id": one.ban.ban_id if one.ban else None,
                    "usable": one.ban is not None,
                    "problems": [str(problem) for problem in one.problems],
                }
                for one in files
            ]
        )
        return usable
    for one in files:
        verdict = "not usable" if one.ban is None else "a draft" if one.problems else "complete"
        print(f"{one.path}: {verdict}")
        for problem in one.problems:
            print(f"  {problem}")
    if not files:
        note("banwatch: no file ends with .yaml there")
    return usable


def _bans_table(bans: Iterable[Ban]) -> Table:
    """Return a table of bans: id, country, beginning, end, title."""
    table = Table("id", "country", "begins", "ends", "title", box=None, pad_edge=False)
    for ban in bans:
        begins = ban.begins.isoformat() if ban.begins else UNSPECIFIED
        table.add_row(ban.ban_id, ban.country, begins, ban.ends, ban.title)
    return table


def _ban_text(ban: Ban) -> str:
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


def _comparison_table(comparisons: Iterable[Comparison]) -> Table:
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


def _print_table(table: Table) -> None:
    """Print a table on stdout; 240 columns wide where stdout is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)
