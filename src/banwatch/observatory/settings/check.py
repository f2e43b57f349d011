"""Contradictions in settings that types cannot see."""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from banwatch.alerts.occasion import STREAM
from banwatch.alerts.settings import Channel
from banwatch.bans import load_bans
from banwatch.observatory.settings.problem import Found, nearest
from banwatch.observatory.settings.tables import Settings


def find_contradictions(settings: Settings) -> Iterator[Found]:
    """Find names that lead nowhere, and settings that exclude each other."""
    names = [channel.name for channel in settings.alerts.channels]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Found(
                ("alerts", "channels", number, "name"),
                f"a second channel named {name!r}",
                "Give it another name",
            )
    if STREAM in names:
        place = ("alerts", "channels", names.index(STREAM), "name")
        yield Found(place, "server-sent events have this name", "Give it another name")
    for number, channel in enumerate(settings.alerts.channels):
        yield from _of_channel(channel, number)
    for number, rule in enumerate(settings.alerts.rules):
        path = ("alerts", "rules", number)
        yield from _unknown((*path, "channels"), rule.channels, names, "channel")
        yield from _unknown(
            (*path, "bans"), rule.bans, sorted(load_bans()) if rule.bans else [], "announced ban"
        )
    yield from _unknown(("digest", "channels"), settings.digest.channels, names, "channel")
    yield from _of_serve(settings)
    if settings.backup.folder and settings.store.startswith("clickhouse:/"):
        yield Found(
            ("backup", "folder"),
            "a store on ClickHouse is backed up by ClickHouse",
            "Remove the key (docs/store.md)",
        )


def _unknown(
    path: tuple[str | int, ...], given: tuple[str, ...], names: list[str], what: str
) -> Iterator[Found]:
    for name in given:
        if name not in names:
            remedy = nearest(name, names) if names else f"There is no {what} yet"
            yield Found(path, f"no {what} is named {name!r}", remedy)


def _of_channel(channel: Channel, number: int) -> Iterator[Found]:
    path = ("alerts", "channels", number)
    given = Counter(bool(one) for one in (channel.address, channel.address_file, channel.webhook))[True]
    if given != 1:
        yield Found(path, "it needs one way to send", "Give one of address, address_file and webhook")
    if channel.webhook:
        if urlsplit(channel.webhook).scheme not in ("http", "https"):
            yield Found((*path, "webhook"), "it is no http address", "Write https://...")
        if bool(channel.secret) == bool(channel.secret_file):
            yield Found(
                path,
                "a webhook needs one secret",
                "Make one: banwatch alerts secret > FILE; secret_file = FILE",
            )
    elif channel.secret or channel.secret_file:
        yield Found(path, "only a webhook has a secret", "Remove it")


def _of_serve(settings: Settings) -> Iterator[Found]:
    serve = settings.serve
    if serve.public_url and urlsplit(serve.public_url).scheme not in ("http", "https"):
        yield Found(("serve", "public_url"), "it is no web address", "Write https://...")
    for proxy in serve.proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            yield Found(("serve", "proxies"), f"{proxy!r} is no address", "Give an IP address or network")
    has_links = settings.alerts.rules or settings.digest.channels
    if has_links and not serve.public_url:
        yield Found(
            ("serve",),
            "messages need an address to link to",
            "Set public_url, such as https://observatory.example",
        )
