"""What is published of a ban or an incident, to be read without us.

*bulletin*: a folder of pages and pictures that opens from disk, made from the explorer's views and templates.
"""

from banwatch.bulletin.publish import publish

__all__ = ["publish"]
