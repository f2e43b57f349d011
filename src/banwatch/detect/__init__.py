"""Detection: pure functions from cells to changes and incidents.

- A *series* is one target on one network and access tier; its *cells* count an hour's verdicts.
- A *voice* is one probe (or one report, where probes give no id) and has one vote an hour, however often it
  measured.
- A *change* is one stretch of interference in a series, with its onset and end as intervals. A hidden Markov
  model gives, for each hour, the probability that the target was *open*, *partly* blocked or *blocked*.
- A *shutdown* is the silence of a whole network.
- An *incident* is the changes that belong together, after those with a common cause elsewhere are set aside.

The same cells give the same result, in any order. Nothing here opens a file or a socket, reads a clock, or
uses the announced bans.
"""

from banwatch.detect.changes import find_changes
from banwatch.detect.incidents.build import group
from banwatch.detect.incidents.ids import merged_into
from banwatch.detect.votes.cells import fold

__all__ = ["find_changes", "fold", "group", "merged_into"]
