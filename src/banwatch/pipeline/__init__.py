"""Conducts the tiers: lines come in at the bottom, what happened in the world comes out at the top.

*source*: a file, archive or stream that holds measurements, one a line. *portion*: some lines of one source,
the unit of work. *ingest*: portions are decoded, observed, weighed and judged by as many processes as there
are, and committed by one. *rebuild*: the same from the archive. *rejudge*: verdicts anew from stored
evidence. *detect*: cells to changes, incidents and comparisons.
"""

from banwatch.pipeline.conclude import DetectReport, compare_ban, detect
from banwatch.pipeline.ingest import IngestReport, ingest
from banwatch.pipeline.rebuild import RebuildReport, rebuild, rejudge

__all__ = [
    "DetectReport",
    "IngestReport",
    "RebuildReport",
    "compare_ban",
    "detect",
    "ingest",
    "rebuild",
    "rejudge",
]
