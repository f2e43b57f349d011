"""Wording: an incident's sentence, its reasons, and outside signals beside it, in plain English.

- A *sentence* gives event, place, time and the number of measurements.
- *Reasons* give the evidence for and against an incident, and the measurements that would refute it.
- *Outside signals* are reports of other observatories about the same place and time.
"""
