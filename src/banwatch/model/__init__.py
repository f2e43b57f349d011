"""The nouns of Banwatch as frozen types, and the closed vocabularies they are spelled in.

*measurement*: one nettest run on one input, immutable. *observation*: one timestamped fact in it.
*evidence*: the comparison of one measurement with its control. *verdict*: state, mechanisms and the rules
that fired. *cell*, *change*, *incident*: verdicts counted, moved, and grouped into what happened.
*ban*: what was announced. Nothing here imports anything else of ours, opens a socket or reads a clock.
"""
