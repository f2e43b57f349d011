"""Judging: from the facts in a measurement to a verdict, with no clock, no socket and no file.

*weigh* compares a measurement's observations with its control and with reference data and fills one
*evidence* row. A *rule* is an entry of a table: a condition over evidence columns, and what it says. *judge*
applies every rule; the strongest one that holds decides the *verdict*, the others stand beside it.
`judge_line` does all of this to one measurement line.
"""

from banwatch.judge.line import Judged, judge_line, judge_wire
from banwatch.judge.rules.table import RULES, RULESET
from banwatch.judge.verdicts import judge
from banwatch.judge.weighing.weigh import weigh

__all__ = ["RULES", "RULESET", "Judged", "judge", "judge_line", "judge_wire", "weigh"]
