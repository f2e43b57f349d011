"""Recordings: plays that ship with Banwatch, for machines on which no lab can be built.

*recording*: the measurements and the truth of one play of one regime, compressed. Made by
`banwatch lab play REGIME --record`, never by hand.
"""

from banwatch.lab.recordings.recording import pack, recorded, unpack

__all__ = ["pack", "recorded", "unpack"]
