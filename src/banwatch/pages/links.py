"""Where a page's neighbours are: paths of the running app, or of files beside each other in a folder."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from banwatch.model.ids import MeasurementUid
from banwatch.pages.figures.days import DayKey
from banwatch.pages.places import Place

_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")


def slug(name: str) -> str:
    """Make a file name of a stranger's text: the text itself where it is plain, else a digest of it."""
    if _PLAIN.fullmatch(name) and ".." not in name and not name.endswith("."):
        return name
    return "x-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def place_slug(place: Place) -> str:
    """Name a place in a path: `kp-as131279-visitor`."""
    return f"{slug(place.probe_cc.lower())}-as{place.probe_asn}-{slug(place.access_tier or 'all')}"


def anchor(uid: MeasurementUid) -> str:
    """Name a measurement's place within a page."""
    return "m-" + hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Links(Protocol):
    """Addresses for one page; an empty string is "there is no such page here"."""

    def style(self) -> str:
        """The style sheet."""

    def home(self) -> str:
        """The page that a reader begins at."""

    def ban(self, ban_id: str) -> str:
        """A ban against what was measured."""

    def chart(self, ban_id: str, place: Place, extension: str) -> str:
        """The picture of one place's days, as `svg` or `png`."""

    def day(self, key: DayKey) -> str:
        """The measurements of one day."""

    def measurement(self, uid: MeasurementUid) -> str:
        """One measurement with its evidence."""

    def raw(self, uid: MeasurementUid) -> str:
        """The measurement as it was received."""

    def incident(self, incident_id: str) -> str:
        """One incident."""

    def bundle(self) -> str:
        """The evidence bundle."""

    def feed(self) -> str:
        """The feed of incidents."""


class LiveLinks:
    """Paths of the running app."""

    def style(self) -> str:
        return "/static/style.css"

    def home(self) -> str:
        return "/"

    def ban(self, ban_id: str) -> str:
        return f"/bans/{quote(ban_id, safe='')}"

    def chart(self, ban_id: str, place: Place, extension: str) -> str:
        query = _place_query(place)
        return f"{self.ban(ban_id)}/chart.{extension}?{urlencode(query)}"

    def day(self, key: DayKey) -> str:
        query = {**_place_query(key.place), "target": key.target}
        return f"/days/{key.day.isoformat()}?{urlencode(query)}"

    def measurement(self, uid: MeasurementUid) -> str:
        return f"/measurements/{quote(uid, safe='')}"

    def raw(self, uid: MeasurementUid) -> str:
        return f"/raw/{quote(uid, safe='')}.json"

    def incident(self, incident_id: str) -> str:
        return f"/incidents/{quote(incident_id, safe='')}"

    def bundle(self) -> str:
        return ""

    def feed(self) -> str:
        return "/feed.xml"


def _place_query(place: Place) -> dict[str, str]:
    return {"cc": place.probe_cc, "asn": str(place.probe_asn), "tier": place.access_tier}


def chart_path(place: Place, extension: str) -> str:
    """Path of a picture, from the top of the folder."""
    return f"pictures/{place_slug(place)}.{extension}"


def day_path(key: DayKey) -> str:
    """Path of a day's page, from the top of the folder."""
    return f"measurements/{place_slug(key.place)}/{slug(key.target)}/{key.day.isoformat()}.html"


def incident_path(incident_id: str) -> str:
    """Path of an incident's page, from the top of the folder."""
    return f"incidents/{slug(incident_id.lower())}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLinks:
    """Relative paths in a folder that holds one bulletin.

    Args:
        depth: how many folders below the top the page is.
        pages: in which page each measurement is, from the top.
        days: the days that have a page.
        incidents: the incidents that have a page.
        bundle_path: the evidence bundle, from the top; empty where there is none.
        feed_path: the feed, from the top; empty where there is none.
    """

    depth: int
    pages: Mapping[MeasurementUid, str]
    days: Mapping[DayKey, str]
    incidents: frozenset[str] = frozenset()
    bundle_path: str = ""
    feed_path: str = ""

    def _to(self, path: str) -> str:
        return "../" * self.depth + path if path else ""

    def style(self) -> str:
        return self._to("style.css")

    def home(self) -> str:
        return self._to("index.html")

    def ban(self, ban_id: str) -> str:
        return self._to("index.html")

    def chart(self, ban_id: str, place: Place, extension: str) -> str:
        return self._to(chart_path(place, extension))

    def day(self, key: DayKey) -> str:
        return self._to(self.days.get(key, ""))

    def measurement(self, uid: MeasurementUid) -> str:
        page = self.pages.get(uid, "")
        return self._to(f"{page}#{anchor(uid)}") if page else ""

    def raw(self, uid: MeasurementUid) -> str:
        page = self.pages.get(uid, "")
        return self._to(f"{page}#{anchor(uid)}-raw") if page else ""

    def incident(self, incident_id: str) -> str:
        return self._to(incident_path(incident_id)) if incident_id in self.incidents else ""

    def bundle(self) -> str:
        return self._to(self.bundle_path)

    def feed(self) -> str:
        return self._to(self.feed_path)
