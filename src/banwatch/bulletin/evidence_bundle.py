"""The evidence bundle of a bulletin: its measurements, verdicts and rules in one file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from banwatch.formats.bundle import RuleInWords, Subject, write_bundle
from banwatch.judge import RULES, RULESET
from banwatch.model.ids import MeasurementUid
from banwatch.model.verdict import Verdict
from banwatch.pages.reader import Reader
from banwatch.pages.wording import ladder

_BATCH = 256
"""Measurements read at once."""


def bundle_evidence(
    reader: Reader,
    verdicts: Mapping[MeasurementUid, Sequence[Verdict]],
    pages: Mapping[str, bytes],
    out: Path,
    *,
    subject_id: str,
    title: str,
    labs: Iterable[str],
    recorded: bool,
    left_out: int = 0,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """Write the evidence of a bulletin into one file.

    Args:
        reader: gives the measurements as they were received.
        verdicts: the verdicts of each measurement.
        pages: files for people, by path.
        out: the file to write.
        subject_id: the ban or incident.
        title: its title.
        labs: the lab regimes among the measurements.
        recorded: the measurements were replayed from a recording.
        left_out: measurements of the subject that are left out.
        sign: makes the signature of the manifest; None leaves it unsigned.

    Returns:
        The bundle's digest: SHA-256 of its manifest.
    """
    found = [verdict for uid in sorted(verdicts) for verdict in verdicts[uid]]
    fired = {rule for verdict in found for rule in (*verdict.rules, *verdict.vetoed)}
    rules = [
        RuleInWords(
            id=rule.id,
            layer=rule.layer.value,
            says=ladder.word(ladder.of_state(rule.state)),
            condition=rule.condition,
            why=rule.why,
            source=rule.source,
        )
        for rule in RULES
        if rule.id in fired
    ]
    subject = Subject(
        id=subject_id,
        title=title,
        ruleset=", ".join(sorted({verdict.ruleset for verdict in found})) or RULESET,
        snapshots=tuple(sorted({name for verdict in found for name in verdict.snapshots})),
        labs=tuple(sorted(name for name in labs if name)),
        recorded=recorded,
        left_out=left_out,
    )
    with out.open("wb") as file:
        return write_bundle(file, subject, _lines(reader, sorted(verdicts)), found, rules, pages, sign)


def _lines(reader: Reader, uids: Sequence[MeasurementUid]) -> Iterator[bytes]:
    """Yield the lines in the order of their ids, whatever order they are stored in."""
    for start in range(0, len(uids), _BATCH):
        batch = uids[start : start + _BATCH]
        lines = dict(reader.raws(batch))
        yield from (lines[uid] for uid in batch if uid in lines)
