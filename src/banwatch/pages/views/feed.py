"""The feed of incidents, newest first, in Atom (RFC 4287)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from banwatch.model.ids import IncidentId
from banwatch.model.incident import Incident
from banwatch.pages.views.incident import sentence_of, title_of
from banwatch.pages.wording import words

_ATOM = "http://www.w3.org/2005/Atom"
_MAX_ENTRIES = 100
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def write_feed(
    incidents: Sequence[Incident], *, address_of: Mapping[IncidentId, str], own: str, lab: bool
) -> bytes:
    """Return the feed as an Atom document.

    Args:
        incidents: in any order.
        address_of: the address of each incident's page, by id.
        own: the feed's own address.
        lab: some measurements were made in a lab; each title then says so, since it may be read alone.
    """
    newest = sorted(incidents, key=lambda i: (moved_at(i), i.incident_id), reverse=True)[:_MAX_ENTRIES]
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", "urn:banwatch:incidents")
    _add(feed, "title", "Banwatch: incidents" + (" (made in a lab)" if lab else ""))
    _add(feed, "updated", words.machine(max((moved_at(i) for i in newest), default=_NEVER)))
    _add(feed, "generator", "Banwatch")
    author = ElementTree.SubElement(feed, f"{{{_ATOM}}}author")
    _add(author, "name", "Banwatch")
    ElementTree.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "href": own})
    for incident in newest:
        entry = ElementTree.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(entry, "id", f"urn:banwatch:incident:{incident.incident_id}")
        _add(entry, "title", ("Made in a lab: " if lab else "") + title_of(incident))
        _add(entry, "updated", words.machine(moved_at(incident)))
        _add(entry, "published", words.machine(incident.onset_latest))
        _add(entry, "summary", sentence_of(incident))
        ElementTree.SubElement(
            entry, f"{{{_ATOM}}}link", {"rel": "alternate", "href": address_of[incident.incident_id]}
        )
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed)


def moved_at(incident: Incident) -> datetime:
    """Return the last change of an incident: its end where it has one, else its onset."""
    return incident.end_latest or incident.onset_latest


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}").text = text
