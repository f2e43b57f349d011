"""From verdicts to "since Saturday, on both operators": pure functions from cells to what happened.

A *series* is one target on one network and access tier; its *cells* count an hour's verdicts. A *voice* is
one probe (or one report, where probes do not say who they are) and has one vote an hour, however often it
measured.
A hidden-state model gives each series, for each hour, the probability that the target was *open*, *partly*
blocked or *blocked*; a *change* is one stretch of interference with its onset and end as intervals. A network
that falls silent as a whole is a *shutdown*. An *incident* is the changes that belong together, after those
with a common cause elsewhere have been set aside.

The same cells give the same answer, in whatever order they come. Nothing here opens a file or a socket, reads
a clock, or knows what was announced.
"""

from banwatch.detect.changes import find_changes
from banwatch.detect.incidents.build import group
from banwatch.detect.incidents.ids import known_by
from banwatch.detect.votes.cells import fold

__all__ = ["find_changes", "fold", "group", "known_by"]
