"""The feed: newest first, and a hostile name is only text."""

from datetime import timedelta
from xml.etree import ElementTree

from banwatch.model.ids import IncidentId
from banwatch.model.incident import IncidentKind
from banwatch.pages.views.feed import write_feed
from tests.pages.made_up_country import ANNOUNCED, make_incident

ATOM = "{http://www.w3.org/2005/Atom}"


def titles_of(feed: bytes) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in ElementTree.fromstring(feed).iter(f"{ATOM}entry")]


def test_newest_first() -> None:
    later = make_incident(
        incident_id=IncidentId("KP-2016-0002"),
        kind=IncidentKind.SHUTDOWN,
        targets=(),
        onset_earliest=ANNOUNCED + timedelta(days=6),
        onset_latest=ANNOUNCED + timedelta(days=7),
    )
    addresses = {IncidentId(f"KP-2016-000{n}"): f"incidents/{n}.html" for n in (1, 2)}
    feed = write_feed([make_incident(), later], address_of=addresses, own="feed.xml", lab=False)
    assert titles_of(feed) == [
        "No answer at all for foreign visitors in North Korea, since 7 or 8 April 2016",
        "Interference with seven sites for foreign visitors in North Korea, since 1 April 2016",
    ]


def test_nothing_happened() -> None:
    feed = write_feed([], address_of={}, own="feed.xml", lab=False)
    assert titles_of(feed) == []


def test_a_hostile_name_is_only_text() -> None:
    evil = "]]><script>alert(1)</script>"
    incident = make_incident(sentence=evil, targets=(evil,), mechanisms=(evil,))
    feed = write_feed([incident], address_of={incident.incident_id: "x"}, own="f", lab=False)
    root = ElementTree.fromstring(feed)
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert evil in (root.find(f"{ATOM}entry/{ATOM}summary").text or "")  # type: ignore[union-attr]  # the feed has it
