"""Pages of a store that one network may serve for many unrelated sites: suspected block pages."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from banwatch.model.evidence import Evidence
from banwatch.model.observation import Observation, Step
from banwatch.reference.suggesting import SharedPage, Suggestion, suggest
from banwatch.store import Store, queries

_PART_ROWS = 500
"""Measurements whose observations are read at once."""
_SAME_LENGTH_RATIO = 0.8
"""Ratio of body lengths, shorter to longer, above which a page counts as the control's page."""


def suggest_fingerprints(path: Path, *, min_targets: int) -> list[Suggestion]:
    """Suggest fingerprints from pages that many unrelated sites of a store share on one network."""
    return suggest(read_pages(path), min_targets=min_targets)


def read_pages(path: Path) -> Iterator[SharedPage]:
    """Read every unencrypted response of a store's web measurements."""
    with Store.open(path, read_only=True) as store:
        for batch in queries.evidence_in_batches(store, None, None):
            rows = iter(row for row in batch if row.kind == "web" and not row.http_authenticated)
            while part := list(islice(rows, _PART_ROWS)):
                observations = queries.observations_of(store, [row.measurement_uid for row in part])
                for row in part:
                    yield from _list_pages(row, observations.get(row.measurement_uid, []))


def _list_pages(row: Evidence, observations: Iterable[Observation]) -> Iterator[SharedPage]:
    is_like_control = bool(
        row.http_title_match or row.http_headers_match or (row.http_length_ratio or 0) > _SAME_LENGTH_RATIO
    )
    for seen in observations:
        if seen.step is not Step.HTTP or seen.status_code is None or (seen.url or "").startswith("https:"):
            continue
        yield SharedPage(
            measurement_uid=row.measurement_uid,
            target=row.target,
            probe_cc=row.probe_cc,
            probe_asn=row.probe_asn,
            title=seen.title,
            body_sha256=seen.body_sha256,
            body_length=seen.body_length,
            location=seen.location,
            like_control=is_like_control,
        )
