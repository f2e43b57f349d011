"""Values of options as people type them: times, countries, targets and states."""

import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

import typer

from banwatch.model.ids import Asn, parse_asn
from banwatch.model.state import State

_AGO = re.compile(r"(\d{1,5})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_PART_OF_A_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?")
_TIMES = (
    "a day (2016-04-04), a time (2016-04-04 12:00), 7d, 12h, today or yesterday; UTC unless it has a zone"
)


def parse_time(text: str | datetime) -> datetime:
    """Parse a moment; without a zone it is UTC.

    Args:
        text: `2016-04-04`, `2016-04-04 12:00`, `2016-04-04T21:00+09:00`, `2016-04`, `now`, `today`,
            `yesterday`, or so long ago: `7d`, `12h`, `2 weeks ago`.

    Raises:
        typer.BadParameter: the text is no time.
    """
    if isinstance(text, datetime):
        return text
    now = datetime.now(UTC)
    plain = re.sub(r"\s*(?:utc|z)$", "Z", text.strip().lower()).removesuffix("Z")
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}.get(plain)
    if named is not None:
        return named
    try:
        if ago := _AGO.fullmatch(plain):
            return now - int(ago[1]) * _UNITS[ago[2][0]]
        if part := _PART_OF_A_DATE.fullmatch(plain):
            return datetime(int(part[1]), int(part[2] or 1), 1, tzinfo=UTC)
        at = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)", "", plain))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time. Give {_TIMES}") from None


def parse_country(text: str) -> str:
    """Parse a country: two letters in any case, or its English name.

    Raises:
        typer.BadParameter: there is no such country.
    """
    plain = text.strip()
    if re.fullmatch("[A-Za-z]{2}", plain):
        return "GB" if plain.upper() == "UK" else plain.upper()
    from banwatch.bans.countries import country_code, country_names

    code = country_code(plain)
    if code is None:
        near = get_close_matches(plain.lower(), country_names(), 3)
        hint = (
            f"Did you mean {' or '.join(map(str.title, near))}?" if near else "Give two letters, such as KP"
        )
        raise typer.BadParameter(f"there is no country {text!r}. {hint}")
    return code


def parse_target(text: str) -> str:
    """Parse a target: a name as verdicts have it, or a host or an address of a page on it.

    Raises:
        typer.BadParameter: the text names no host.
    """
    plain = text.strip().lower()
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", plain)
    host = re.split(r"[/?#]", host)[0].rpartition("@")[2].rstrip(".")
    host = re.sub(r"(?<=[^:]):\d{1,5}$", "", host).strip("[]")
    if not host:
        raise typer.BadParameter(f"{text!r} names no target. Give one such as youtube.com")
    if "." not in host:
        return host
    from banwatch.reference.suffixes import target_of

    return target_of(host)


def parse_target_at(text: str) -> tuple[str, datetime]:
    """Parse a target and a moment with `@` between.

    Raises:
        typer.BadParameter: one of them is missing or malformed.
    """
    target, _, at = text.rpartition("@")
    return parse_target(target), parse_time(at)


def parse_network(text: str) -> Asn:
    """Parse the number of a network.

    Raises:
        typer.BadParameter: the text is no AS number.
    """
    number = parse_asn(text.strip().upper())
    if not number:
        raise typer.BadParameter(f"{text!r} is no network. Give its AS number, such as AS131279")
    return number


def parse_states(texts: list[str] | None) -> tuple[State, ...]:
    """Parse names of states, in any case, several with commas between.

    Raises:
        typer.BadParameter: there is no such state.
    """
    names = [name.strip() for text in texts or [] for name in text.split(",") if name.strip()]
    states = []
    for name in names:
        plain = re.sub(r"[\s-]+", "_", name.lower())
        if plain not in set(State):
            near = get_close_matches(plain, list(State), 1)
            hint = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(State)}"
            raise typer.BadParameter(f"there is no state {name!r}. {hint}")
        states.append(State(plain))
    return tuple(dict.fromkeys(states))
