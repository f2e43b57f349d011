"""Preview of a rejudge: stored verdicts beside those that another ruleset gives; nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from banwatch.judge.defects import Suspect, find_defects
from banwatch.judge.ruleset_file import Ruleset
from banwatch.model.evidence import Evidence
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """Measurement and target, judged by stored rules and by others."""

    before: Verdict | None
    """The stored verdict; None where there is none."""
    after: Verdict

    @property
    def differs(self) -> bool:
        """Whether state or mechanisms would change."""
        return self.before is None or (
            (self.before.state, self.before.mechanisms) != (self.after.state, self.after.mechanisms)
        )


def preview_rejudge(
    store: Store, ruleset: Ruleset, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Rejudged]:
    """Judge stored evidence by a ruleset, and give each verdict beside the stored one."""
    for evidence, verdict in _pair_rows(store, since, until):
        yield Rejudged(before=verdict, after=ruleset.judge(evidence))


def find_stored_defects(
    store: Store, *, since: datetime | None = None, until: datetime | None = None
) -> list[Suspect]:
    """Find failures that follow software versions rather than networks."""
    return find_defects(
        (evidence, verdict) for evidence, verdict in _pair_rows(store, since, until) if verdict is not None
    )


def _pair_rows(
    store: Store, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Evidence, Verdict | None]]:
    """Pair evidence and verdicts, which both come in order of time, uid and target."""
    evidence_rows = (row for batch in queries.evidence_in_batches(store, since, until) for row in batch)
    verdict_rows = (
        row
        for batch in queries.verdicts_in_batches(store, equal={}, since=since, until=until)
        for row in batch
    )
    evidence_by_key: dict[tuple[str, str], Evidence] = {}
    verdict_by_key: dict[tuple[str, str], Verdict] = {}
    for evidence, verdict in zip_longest(evidence_rows, verdict_rows):
        if evidence is not None:
            evidence_by_key[(evidence.measurement_uid, evidence.target)] = evidence
        if verdict is not None:
            verdict_by_key[(verdict.measurement_uid, verdict.target)] = verdict
        for key in evidence_by_key.keys() & verdict_by_key.keys():
            yield evidence_by_key.pop(key), verdict_by_key.pop(key)
    for evidence in evidence_by_key.values():
        yield evidence, None
