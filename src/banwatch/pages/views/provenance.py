"""Details to check a page by: counts, labs, rules and reference snapshots."""

from collections.abc import Iterable, Mapping, Sequence

from banwatch.model.verdict import Verdict
from banwatch.pages.days import DayCount, DayKey
from banwatch.pages.views.details import Detail
from banwatch.pages.wording import words


def provenance_details(
    labs: Mapping[str, int],
    days: Sequence[tuple[DayKey, DayCount]],
    verdicts: Iterable[Verdict],
    digest: str = "",
    *,
    left_out: int = 0,
) -> tuple[Detail, ...]:
    """List the measurements, rules and snapshots that a page rests on.

    Args:
        labs: the number of measurements in the store that each lab made; the empty name is the real world.
        days: the days that the page counts.
        verdicts: the verdicts that it shows, or those of its witnesses.
        left_out: the number of measurements that the counts include and the bulletin leaves out.
        digest: of the evidence bundle that goes with it, where there is one.
    """
    targets = {key.target for key, _ in days}
    total = sum(count.total for _, count in days)
    rulesets: set[str] = set()
    snapshots: set[str] = set()
    for verdict in verdicts:
        rulesets.add(verdict.ruleset)
        snapshots.update(verdict.snapshots)
    made = [f"lab scenario {words.visible(name, 60)}" if name else "the real world" for name in sorted(labs)]
    found = [
        (
            "Measurements",
            f"{total:,} of {words.counted(len(targets), 'target')}, made in {words.listed(made)}",
        ),
        ("Not in this folder", f"{left_out:,} more measurements, for want of room" if left_out else ""),
        ("Rules", words.listed([f"ruleset {words.visible(version, 60)}" for version in sorted(rulesets)])),
        ("Bundle’s digest", digest),
        ("Reference", words.listed([words.visible(name, 80) for name in sorted(snapshots)])),
    ]
    return tuple(Detail(name=name, value=value) for name, value in found if value)
