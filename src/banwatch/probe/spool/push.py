"""Delivery of a spool over the network, to a collector that a person names."""

import asyncio
import ipaddress
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.net.dns.messages import is_never_asked
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.real import RealNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.collector_key import CollectorKey
from banwatch.probe.spool.delivery import Collector, Delivered, push
from banwatch.probe.spool.key_check import check_key
from banwatch.probe.spool.spool import Spool, wipe_folder

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")


def open_spool(folder: Path) -> Spool:
    """Open a spool that exists.

    Raises:
        BanwatchError: there is no such folder.
    """
    if not folder.is_dir():
        raise BanwatchError(f"No spool at {folder}", "Name it with --spool, or measure with --spool first.")
    return Spool(folder)


def wipe_spool(folder: Path) -> int:
    """Wipe a spool, also one whose key is missing or damaged; return the number of measurements in it.

    Raises:
        BanwatchError: there is no such folder.
    """
    if not folder.is_dir():
        raise BanwatchError(f"No spool at {folder}", "Name it with --spool.")
    return wipe_folder(folder)


def parse_collector(
    url: str, *, proxy: str | None, ca_file: Path | None, token_file: Path | None = None
) -> Collector:
    """Parse the address of a collector, and of the SOCKS5 proxy before it.

    Raises:
        BanwatchError: an address cannot be used, or others on the network could read what is delivered.
    """
    try:
        target = parse_target_url(url)
    except ValueError as error:
        raise BanwatchError(f"No collector: {url!r}: {error}", "Expected a URL.") from error
    if not (target.is_tls or _is_safe_in_clear(target.host)):
        raise BanwatchError(
            f"{url} is not encrypted: whoever watches would see what is delivered, and to whom",
            "Name an https:// address, or an onion address with --proxy.",
        )
    if is_never_asked(target.host) and not proxy:
        raise BanwatchError(
            f"{target.host} is an onion address, which only Tor can reach",
            "Name Tor's SOCKS port with --proxy, such as 127.0.0.1:9050.",
        )
    return Collector(
        url=target,
        roots=Roots(ca_file),
        proxy=_parse_proxy(proxy) if proxy else None,
        token=_read_token(token_file) if token_file is not None else "",
    )


def _read_token(path: Path) -> str:
    """Read the token that `banwatch collector admit` printed.

    Raises:
        BanwatchError: the file cannot be read, or holds no token.
    """
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"The token {path} cannot be read", "Check the file and its rights.") from error
    if not _TOKEN.fullmatch(token):
        raise BanwatchError(
            f"{path} holds no token", "Expected one line, as `banwatch collector admit` prints it."
        )
    return token


def push_now(
    spool: Spool,
    collector: Collector,
    progress: Progress,
    on_new_key: Callable[[CollectorKey], None] = lambda key: None,
) -> Delivered:
    """Deliver a spool over this machine's network; what the collector does not take stays in the spool.

    Args:
        spool: of the measurements.
        collector: that they go to.
        progress: called with the number that was sent, and of all.
        on_new_key: called with a key that the collector's own key handed over to; it is pinned.

    Raises:
        BanwatchError: the collector shows another key than the spool's. Nothing was sent.
    """

    async def deliver() -> Delivered:
        net = RealNet()
        changed = await check_key(net, spool, collector, now=_now) if any(spool.waiting()) else None
        if changed is not None:
            on_new_key(changed)
        return await push(net, spool, collector, now=_now, rng=random.SystemRandom(), progress=progress)

    return asyncio.run(deliver())


def _now() -> datetime:
    return datetime.now(UTC)


def _is_safe_in_clear(host: str) -> bool:
    """Say whether nobody on the network can read what is sent to a host: on this machine, or inside Tor."""
    if host.endswith(".onion") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parse_proxy(text: str) -> Endpoint:
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise BanwatchError(f"No proxy: {text!r}", "Expected an address such as 127.0.0.1:9050.") from error
