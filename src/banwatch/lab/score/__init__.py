"""Scores: verdicts compared with the truth of a lab.

*truth*: the censor's own record, one line for each flow. *trial*: one measurement with the flows that it
caused. *bearing*: a flow that the verdict rests on: the system resolver, the endpoints of the fetch.
*beside*: interference with another step of the probe, such as a question to a public resolver for a site
that loads; a verdict may mention it or not. *score*: counts over all trials. *matrix*: every mechanism under
every condition.
"""

from banwatch.lab.score.count import MechanismScore, Mistake, Score, score, score_story

__all__ = ["MechanismScore", "Mistake", "Score", "score", "score_story"]
