"""Plays: timelines measured in labs, days of a country in minutes.

*round*: one run of the probe over all inputs, at one moment of lab time. *part*: some rounds of one tier, in
a lab of its own. *worker*: a process that plays parts, one after the other; several run side by side, because
waiting for blackholes costs time and no CPU. *play*: all parts, and the files that they leave in a folder.
"""

from banwatch.lab.play.conduct import PlayResult, play, play_story

__all__ = ["PlayResult", "play", "play_story"]
