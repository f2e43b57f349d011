"""Pages that many unrelated sites share on one network: block pages that nobody has named yet.

A page is told by its content, by its title with its size, or by where its redirect leads. A site that is down
shows its own error page; the same page under many names, on one network and unencrypted, was put there by the
network.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from banwatch.model.ids import Asn, CountryCode, TargetName

MIN_TARGETS = 3
"""Unrelated sites that must share a page: two can belong to one owner."""
_SIZE_STEP = 256
"""Bytes within which sizes are taken for the same: block pages print the name of the site."""
_MIN_TITLE = 4
_HOSTING = re.compile(
    r"^(welcome to nginx|apache2?|index of|iis|default|404|not found|403|error)", re.IGNORECASE
)
"""Titles of servers without a site: shared by many, put there by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """An unencrypted response, as it was observed."""

    measurement_uid: str
    target: TargetName
    probe_cc: CountryCode
    probe_asn: Asn
    title: str | None
    body_sha256: str | None
    body_length: int | None
    location: str | None
    like_control: bool
    """The control got the same page: then it is the site's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A fingerprint that somebody should look at."""

    probe_cc: CountryCode
    probe_asn: Asn
    location: str
    """Where the pattern is found: `body` or `header.location`."""
    pattern_type: str
    pattern: str
    targets: tuple[TargetName, ...]
    witness: str
    """A measurement that shows the page."""


def suggest(pages: Iterable[SharedPage], *, min_targets: int = MIN_TARGETS) -> list[Suggestion]:
    """Cluster pages by network and likeness; those that enough unrelated sites share, the most shared first.

    Args:
        pages: unencrypted responses, in any order.
        min_targets: how many registrable domains must share a page.
    """
    clusters: dict[tuple[CountryCode, Asn, str, str, str], dict[TargetName, str]] = defaultdict(dict)
    for page in pages:
        if page.like_control:
            continue
        for place, kind, pattern in _marks_of(page):
            members = clusters[(page.probe_cc, page.probe_asn, place, kind, pattern)]
            witness = members.get(page.target, page.measurement_uid)
            members[page.target] = min(witness, page.measurement_uid)
    found = [
        Suggestion(
            probe_cc=cc,
            probe_asn=asn,
            location=place,
            pattern_type=kind,
            pattern=pattern.partition("\0")[0],
            targets=tuple(sorted(members)),
            witness=min(members.values()),
        )
        for (cc, asn, place, kind, pattern), members in clusters.items()
        if len(members) >= min_targets
    ]
    found.sort(key=lambda s: (-len(s.targets), s.probe_cc, s.probe_asn, s.location, s.pattern))
    return found


def _marks_of(page: SharedPage) -> Iterable[tuple[str, str, str]]:
    """By what a page could be known: place, kind of pattern, pattern; what follows a NUL only tells apart."""
    if page.location:
        try:
            aim = urlsplit(page.location)
        except ValueError:
            return
        if aim.hostname and not aim.hostname.endswith(str(page.target)):
            yield "header.location", "prefix", f"{aim.scheme}://{aim.netloc}/"
        return
    title = page.title or ""
    if _HOSTING.match(title):
        return
    if len(title) >= _MIN_TITLE:
        size = (page.body_length or 0) // _SIZE_STEP
        yield "body", "contains", f"<title>{title}</title>\0{size}"
    elif page.body_sha256 and page.body_length:
        yield "body", "sha256", page.body_sha256
