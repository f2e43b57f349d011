"""Identifiers, counts and times in plain English; another language would be another module like this."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list

from banwatch.model.mechanism import ancestors

LOCALE = Locale("en", "GB")

_MECHANISMS = {
    "dns": "interference with name lookups",
    "dns.injection": "forged DNS answers",
    "dns.injection.blockpage": "forged DNS answers that lead to a block page",
    "dns.injection.bogon": "forged DNS answers with an impossible address",
    "dns.injection.other": "forged DNS answers",
    "dns.nxdomain": "a resolver that denies the name exists",
    "dns.refused": "a resolver that refuses to answer",
    "dns.servfail": "a resolver that fails on purpose",
    "dns.timeout": "name lookups left unanswered",
    "ip": "interference with the address",
    "ip.unreachable": "addresses declared unreachable",
    "tcp": "interference with connections",
    "tcp.reset": "connections reset",
    "tcp.timeout": "traffic to the address silently dropped",
    "tcp.refused": "connections refused",
    "tls": "interference with encrypted connections",
    "tls.reset": "encrypted connections reset",
    "tls.reset.sni": "encrypted connections reset when the site’s name is sent",
    "tls.reset.other": "encrypted connections reset",
    "tls.timeout": "encrypted connections silently dropped",
    "tls.timeout.sni": "encrypted connections silently dropped when the site’s name is sent",
    "tls.timeout.other": "encrypted connections silently dropped",
    "tls.alert": "forged TLS alerts",
    "tls.eof": "encrypted connections cut off",
    "tls.mitm": "forged certificates",
    "tls.mitm.self_signed": "forged certificates",
    "tls.mitm.ca_signed": "forged certificates from a trusted authority",
    "tls.throttle": "encrypted connections slowed down",
    "tls.throttle.sni": "encrypted connections slowed down when the site’s name is sent",
    "quic": "interference with QUIC",
    "quic.timeout": "QUIC silently dropped",
    "quic.reset": "QUIC connections closed",
    "http": "interference with web requests",
    "http.blockpage": "a block page",
    "http.redirect": "redirection to another site",
    "http.error": "injected error pages",
    "http.tamper": "altered pages",
    "http.eof": "web requests cut off",
    "http.reset": "web requests reset",
    "http.reset.host": "web requests reset when the site’s name is sent",
    "http.timeout": "web requests silently dropped",
    "http.throttle": "web requests slowed down",
    "http.throttle.host": "web requests slowed down when the site’s name is sent",
    "network": "trouble with the whole network",
    "network.shutdown": "no answer from the whole network",
}

_BRIEFLY = {
    "dns": "failing name lookups",
    "dns.injection": "forged DNS answers",
    "ip": "unreachable addresses",
    "tcp.reset": "connection resets",
    "tcp.timeout": "dropped traffic",
    "tcp.refused": "refused connections",
    "tls": "broken encryption",
    "tls.reset": "connection resets",
    "tls.timeout": "dropped connections",
    "tls.alert": "forged TLS alerts",
    "tls.mitm": "forged certificates",
    "tls.throttle": "throttling",
    "quic": "dropped QUIC",
    "http": "failing web requests",
    "http.blockpage": "a block page",
    "http.redirect": "a redirection",
    "http.tamper": "altered pages",
    "http.throttle": "throttling",
    "network.shutdown": "no answer at all",
}
"""Mechanisms in two or three words, for sentences that say much else."""

_RELATIONS = {
    "before_announced": "before it was announced",
    "beyond_announced": "beyond what was announced",
    "outlasted": "longer than announced",
    "lifted": "lifted since",
    "in_part": "announced for part of the country",
}

_TIERS = {"official": "officials", "visitor": "foreign visitors", "citizen": "citizens", "": "everybody"}

_CATEGORIES = {
    "GMB": "gambling",
    "PORN": "pornography",
    "NEWS": "news",
    "POLR": "political criticism",
    "HUMR": "human rights",
    "RELI": "religion",
    "LGBT": "LGBT",
    "ANON": "circumvention tools",
    "MILX": "militants and extremists",
    "COMT": "communication tools",
    "GRP": "social networks",
    "MMED": "media sharing",
    "SRCH": "search engines",
    "FILE": "file sharing",
    "HOST": "hosting and blogging",
    "DATE": "online dating",
    "GAME": "games",
    "CULTR": "culture",
    "GOVT": "government",
    "IGO": "intergovernmental organisations",
    "ECON": "economics",
    "ENV": "the environment",
    "COMM": "commerce",
    "CTRL": "control content",
    "HACK": "hacking tools",
    "HATE": "hate speech",
    "ALDR": "alcohol and drugs",
    "PROV": "provocative attire",
    "PUBH": "public health",
    "XED": "sex education",
    "MISC": "miscellaneous",
}

_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_UNSAFE = {code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x61C)}
_UNSAFE |= {code: f"\\u{code:04x}" for code in (*range(0x200B, 0x2010), *range(0x2028, 0x202F))}
_UNSAFE |= {code: f"\\u{code:04x}" for code in (*range(0x2060, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC))}
"""Characters that are invisible or reorder their neighbours, by which one name could pass for another."""
_UNSAFE_BUT_LINES = {code: shown for code, shown in _UNSAFE.items() if code not in (0x09, 0x0A)}


def visible(text: str, limit: int = 400) -> str:
    """Return a stranger's text with invisible characters spelled out, at most `limit` characters."""
    shown = text.encode("utf-8", "replace").decode().translate(_UNSAFE)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def visible_lines(text: str) -> str:
    """Return a stranger's text as `visible` does, whole, with its tabs and line breaks."""
    return text.encode("utf-8", "replace").decode().translate(_UNSAFE_BUT_LINES)


def mechanism(path: str) -> str:
    """Name a mechanism in plain words; one without words of its own by its nearest ancestor."""
    for node in reversed(ancestors(path)):
        if node in _MECHANISMS:
            return _MECHANISMS[node]
    return visible(path)


def mechanism_briefly(path: str) -> str:
    """Name a mechanism in two or three words, as a headline does."""
    for node in reversed(ancestors(path)):
        if node in _BRIEFLY:
            return _BRIEFLY[node]
    return mechanism(path)


def relation(name: str) -> str:
    """Name a departure of the measurements from the announcement."""
    return _RELATIONS.get(name, visible(name, 40))


def tier(name: str) -> str:
    """Name the people of an access tier, in the plural."""
    return _TIERS.get(name, visible(name, 60))


def category(code: str) -> str:
    """Name a Citizen Lab category."""
    return _CATEGORIES.get(code, visible(code, 40))


def country(code: str) -> str:
    """Name a country the way English-language papers do."""
    if code == "ZZ":
        return "an unknown country"
    return str(LOCALE.territories.get(code, visible(code, 8))).partition(" (")[0]


def listed(items: Sequence[str], limit: int | None = None) -> str:
    """Join with commas and "and"; past `limit` the rest is counted."""
    if limit is not None and len(items) > limit:
        rest = len(items) - (limit - 1)
        items = [*items[: limit - 1], f"{number(rest)} others"]
    return format_list(list(items), locale=LOCALE) if items else ""


def number(count: int) -> str:
    """Spell a small count, write a large one in digits."""
    return _SMALL_NUMBERS[count] if 0 <= count <= 10 else f"{count:,}"


def counted(count: int, singular: str, plural: str = "") -> str:
    """Write a count with its noun: `one site`, `no sites`, `12 sites`."""
    return f"{number(count)} {singular if count == 1 else plural or singular + 's'}"


@lru_cache(maxsize=10_000)
def day(value: date) -> str:
    """Write a day: `1 April 2016`."""
    return str(format_date(value, "d MMMM y", locale=LOCALE))


def short_day(value: date) -> str:
    """Write a day without its year: `1 Apr`."""
    return str(format_date(value, "d MMM", locale=LOCALE))


def dated(value: date | None, precision: str) -> str:
    """Write a date to its precision."""
    if value is None:
        return "undated"
    pattern = {"month": "MMMM y", "year": "y"}.get(precision, "d MMMM y")
    return str(format_date(value, pattern, locale=LOCALE))


def exact(value: datetime) -> str:
    """Write a moment in UTC to the minute: `2016-04-01 06:00 UTC`."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def machine(value: datetime) -> str:
    """Write a moment for machines: RFC 3339 in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def between_days(first: date, last: date) -> str:
    """Write an interval for a reader: the day, the two days, or the two dates that it lies between."""
    if first == last:
        return day(first)
    if last - first == timedelta(days=1):
        if first.month == last.month:
            return f"{first.day} or {day(last)}"
        early = format_date(first, "d MMMM" if first.year == last.year else "d MMMM y", locale=LOCALE)
        return f"{early} or {day(last)}"
    return f"a day between {day(first)} and {day(last)}"


def percent(share: float) -> str:
    """Write a share of one as a percentage that never rounds up to all, nor down to none."""
    if 0.995 <= share < 1:
        return f"{int(share * 1000) / 10:g} %"
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{share * 100:.0f} %"
