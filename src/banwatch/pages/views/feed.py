"""The feed of incidents, newest first, in Atom (RFC 4287)."""

import json
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
    incidents: Sequence[Incident],
    *,
    address_of: Mapping[IncidentId, str],
    own: str,
    lab: bool,
    about: str = "",
) -> bytes:
    """Return the feed as an Atom document.

    Args:
        incidents: in any order.
        address_of: the address of each incident's page, by id.
        own: the feed's own address.
        lab: some measurements were made in a lab; each title then says so, since it may be read alone.
        about: what the feed is restricted to, such as `countries/KP`; empty for all incidents.
    """
    newest = sorted(incidents, key=lambda i: (moved_at(i), i.incident_id), reverse=True)[:_MAX_ENTRIES]
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", f"urn:banwatch:incidents{':' if about else ''}{words.visible(about, 300)}")
    _add(feed, "title", _feed_title(about, lab=lab))
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


def write_json_feed(
    incidents: Sequence[Incident],
    *,
    address_of: Mapping[IncidentId, str],
    own: str,
    home: str,
    lab: bool,
    about: str = "",
) -> bytes:
    """Return the feed as a JSON Feed 1.1 (jsonfeed.org); arguments as for `write_feed`."""
    newest = sorted(incidents, key=lambda i: (moved_at(i), i.incident_id), reverse=True)[:_MAX_ENTRIES]
    items = [
        {
            "id": f"urn:banwatch:incident:{incident.incident_id}",
            "url": address_of[incident.incident_id],
            "title": ("Made in a lab: " if lab else "") + title_of(incident),
            "content_text": words.visible(sentence_of(incident), 1000),
            "date_published": words.machine(incident.onset_latest),
            "date_modified": words.machine(moved_at(incident)),
            "tags": [incident.kind, incident.probe_cc],
        }
        for incident in newest
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _feed_title(about, lab=lab),
        "home_page_url": home,
        "feed_url": own,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False).encode("utf-8", "replace")


def _feed_title(about: str, *, lab: bool) -> str:
    restricted = f" ({words.visible(about, 120)})" if about else ""
    return f"Banwatch: incidents{restricted}" + (" (made in a lab)" if lab else "")


def moved_at(incident: Incident) -> datetime:
    """Return the last change of an incident: its end where it has one, else its onset."""
    return incident.end_latest or incident.onset_latest


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}").text = text
