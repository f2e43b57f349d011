"""Detection country by country: what of one country can be found alone, and what all countries decide.

The cells of one country are needed twice, to find its changes and to group them; of the others only how far
their data reach, the hours in which they were heard, and the hours of targets that changed.
"""

from banwatch.detect.changes import CountryFindings, find_in_country, settle
from banwatch.detect.incidents.build import draft
from banwatch.detect.incidents.common_cause import set_aside_in
from banwatch.detect.incidents.elsewhere import Nowhere, TargetHours, World, WorldOfCells
from banwatch.detect.incidents.ids import number
from banwatch.detect.shutdowns.find import span_of
from banwatch.detect.votes.reach import Reach, VoiceDays, reach_of

__all__ = [
    "CountryFindings",
    "Nowhere",
    "Reach",
    "TargetHours",
    "VoiceDays",
    "World",
    "WorldOfCells",
    "draft",
    "find_in_country",
    "number",
    "reach_of",
    "set_aside_in",
    "settle",
    "span_of",
]
