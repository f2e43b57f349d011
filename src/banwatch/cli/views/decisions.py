"""Decisions of people on measurements and incidents."""

import json
from collections.abc import Iterable

from banwatch.cli.views.json_lines import print_json, to_plain
from banwatch.pipeline.deciding.follow import FollowReport
from banwatch.pipeline.trust.decisions import Decision


def show_retraction(count: int, *, undo: bool, as_json: bool) -> None:
    """Print how many measurements a decision was about."""
    if as_json:
        print_json({"measurements": count, "undone": undo})
    elif undo:
        print(f"The retraction is undone; {count:,} measurements were made again")
    else:
        print(f"{count:,} measurements are retracted: they count in nothing above the archive")


def show_redaction(lines: int, *, as_json: bool) -> None:
    """Print how many lines were removed."""
    if as_json:
        print_json({"lines": lines})
    else:
        print(f"{lines:,} lines are redacted: their hashes and the reason stay, the content is gone")


def show_decisions(decisions: Iterable[Decision], *, as_json: bool) -> None:
    """Print decisions, one a line."""
    for decision in decisions:
        if as_json:
            print(json.dumps(to_plain(decision), ensure_ascii=False))
        else:
            subject = f"{decision.kind} {decision.subject}"
            print(f"{decision.at:%Y-%m-%d %H:%M} UTC  {decision.action}  {subject}: {decision.why}")


def show_followed(report: FollowReport) -> None:
    """Print how much of another log was new."""
    print(f"{report.decisions:,} new decisions; {report.retracted:,} measurements taken out")
