"""Plays that the lab made and that ship with Banwatch, for machines on which no lab can be built.

*recording*: the measurements and the truth of one play of one regime, compressed. Made by
`banwatch lab play REGIME --record`; nothing in it is written by hand.
"""

from banwatch.lab.recordings.recording import pack, recorded, unpack

__all__ = ["pack", "recorded", "unpack"]
