"""Addresses of neighbouring pages: paths of the running app, or relative paths of a bulletin's files."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from banwatch.model.ids import MeasurementUid
from banwatch.pages.days import DayKey
from banwatch.pages.vantages import Vantage

_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")


def slug(name: str) -> str:
    """Return a file name for a stranger's text: the text itself where it is plain, else a digest of it."""
    if _PLAIN.fullmatch(name) and ".." not in name and not name.endswith("."):
        return name
    return "x-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def vantage_slug(vantage: Vantage) -> str:
    """Return the name of a vantage in a path: `kp-as131279-visitor`."""
    return f"{slug(vantage.probe_cc.lower())}-as{vantage.probe_asn}-{slug(vantage.access_tier or 'all')}"


def anchor(uid: MeasurementUid) -> str:
    """Return the fragment of a measurement within a page."""
    return "m-" + hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Links(Protocol):
    """Addresses that one page links to; an empty string where there is no such page."""

    def style(self) -> str:
        """Return the address of the style sheet."""

    def home(self) -> str:
        """Return the address of the first page."""

    def ban(self, ban_id: str) -> str:
        """Return the address of a ban's page."""

    def chart(self, ban_id: str, vantage: Vantage, extension: str) -> str:
        """Return the address of the chart of one vantage, as `svg` or `png`."""

    def day(self, key: DayKey) -> str:
        """Return the address of one day's measurements."""

    def measurement(self, uid: MeasurementUid) -> str:
        """Return the address of one measurement with its evidence."""

    def raw(self, uid: MeasurementUid) -> str:
        """Return the address of the measurement as it was received."""

    def incident(self, incident_id: str) -> str:
        """Return the address of an incident's page."""

    def bundle(self) -> str:
        """Return the address of the evidence bundle."""

    def feed(self) -> str:
        """Return the address of the feed of incidents."""

    def country(self, code: str) -> str:
        """Return the address of a country's page."""

    def network(self, code: str, asn: int) -> str:
        """Return the address of the page of a network in a country."""

    def target(self, name: str) -> str:
        """Return the address of a target's page."""

    def series(self, vantage: Vantage, name: str) -> str:
        """Return the address of all days of one target from one vantage."""

    def search(self) -> str:
        """Return the address that answers a search."""

    def text(self, name: str) -> str:
        """Return the address of a page of text: `methods`, `glossary`, `about`, `accuracy`, `countries`."""

    def mechanism(self, name: str) -> str:
        """Return the address that explains a mechanism."""


class LiveLinks:
    """Addresses as paths of the running app."""

    def style(self) -> str:
        return "/static/style.css"

    def home(self) -> str:
        return "/"

    def ban(self, ban_id: str) -> str:
        return f"/bans/{quote(ban_id, safe='')}"

    def chart(self, ban_id: str, vantage: Vantage, extension: str) -> str:
        query = _vantage_query(vantage)
        return f"{self.ban(ban_id)}/chart.{extension}?{urlencode(query)}"

    def day(self, key: DayKey) -> str:
        query = {**_vantage_query(key.vantage), "target": key.target}
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

    def country(self, code: str) -> str:
        return f"/countries/{quote(code, safe='')}"

    def network(self, code: str, asn: int) -> str:
        return f"/networks/{quote(code, safe='')}/AS{asn}"

    def target(self, name: str) -> str:
        return f"/targets/{quote(name, safe='')}"

    def series(self, vantage: Vantage, name: str) -> str:
        return f"/series?{urlencode({**_vantage_query(vantage), 'target': name})}"

    def search(self) -> str:
        return "/search"

    def text(self, name: str) -> str:
        return f"/{name}"

    def mechanism(self, name: str) -> str:
        return f"/glossary#{quote(name, safe='')}"


def _vantage_query(vantage: Vantage) -> dict[str, str]:
    return {"cc": vantage.probe_cc, "asn": str(vantage.probe_asn), "tier": vantage.access_tier}


def chart_path(vantage: Vantage, extension: str) -> str:
    """Return the path of a chart, from the top of the bulletin."""
    return f"pictures/{vantage_slug(vantage)}.{extension}"


def day_path(key: DayKey) -> str:
    """Return the path of a day's page, from the top of the bulletin."""
    return f"measurements/{vantage_slug(key.vantage)}/{slug(key.target)}/{key.day.isoformat()}.html"


def incident_path(incident_id: str) -> str:
    """Return the path of an incident's page, from the top of the bulletin."""
    return f"incidents/{slug(incident_id.lower())}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLinks:
    """Addresses as relative paths between the files of one bulletin.

    Args:
        depth: levels between the page and the top of the bulletin.
        pages: the page that each measurement is on, from the top.
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

    def chart(self, ban_id: str, vantage: Vantage, extension: str) -> str:
        return self._to(chart_path(vantage, extension))

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

    def country(self, code: str) -> str:
        return ""

    def network(self, code: str, asn: int) -> str:
        return ""

    def target(self, name: str) -> str:
        return ""

    def series(self, vantage: Vantage, name: str) -> str:
        return ""

    def search(self) -> str:
        return ""

    def text(self, name: str) -> str:
        return ""

    def mechanism(self, name: str) -> str:
        return ""
