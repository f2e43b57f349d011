"""Bulletins: pages, pictures, a feed and an evidence bundle on a ban or an incident, which open from disk.

- The *subject* is the ban or incident; `read_subject` reads it from the store.
- The *contents* say which measurement goes on which page.
- The *output directory* is written whole, or not at all.
- The *evidence bundle* holds measurements, verdicts and rules; `verify` checks one without a network.
"""

from banwatch.bulletin.publish import publish

__all__ = ["publish"]
