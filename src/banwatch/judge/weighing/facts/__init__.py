"""Facts that one kind of observation gives by itself, before anything is put together.

- `addresses` tells special and forged addresses; `hops` splits a measurement along its redirects.
- `pages` compares two responses; `fingerprints` finds known block pages and answers.
- `follow_ups` reads the steps that the probe added after a failure.
"""
