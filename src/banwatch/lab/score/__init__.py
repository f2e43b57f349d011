"""How right a judge is, where the truth is known.

*truth*: what the censor wrote down, packet by packet: a line a flow. *trial*: one measurement with the flows
that it caused. *bearing*: a flow that the verdict rests on: the system resolver, the endpoints of the fetch.
*beside*: interference with something else that the probe did, such as a question to a public resolver for a
site that loads; a verdict may speak of it or not. *score*: all trials counted.
"""

from banwatch.lab.score.count import MechanismScore, Mistake, Score, score, score_story

__all__ = ["MechanismScore", "Mistake", "Score", "score", "score_story"]
