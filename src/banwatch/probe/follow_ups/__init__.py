"""Further steps that settle what a first result leaves open.

They begin by themselves where a result is *suspicious*, and each record they make is tagged
`follow_up=<name>`, so that none is taken for the plain measurement. *brief* ones answer at once; *thorough*
ones take several connections or time-outs. What each shows is in docs/probe.md.
"""
