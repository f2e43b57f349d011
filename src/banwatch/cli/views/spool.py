"""What the `spool` commands do."""

import asyncio
import ipaddress
import json
import os
import random
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from banwatch.cli.views.progress import piece_progress
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.real import RealNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.delivery import Collector, push
from banwatch.probe.spool.sealing import MAX_SEALED_BYTES, make_keys, parse_key, unseal_untrusted
from banwatch.probe.spool.spool import Spool


def _existing(folder: Path) -> Spool:
    if not folder.is_dir():
        raise BanwatchError(f"No spool at {folder}", "Name it with --spool, or measure with --spool first.")
    return Spool(folder)


def list_spool(folder: Path, as_json: bool) -> None:
    """Count measurements and bytes."""
    waiting = list(_existing(folder).waiting())
    size = sum(one.size_bytes for one in waiting)
    if as_json:
        print(json.dumps({"measurements": len(waiting), "size_bytes": size}))
    else:
        print(f"{len(waiting)} sealed measurements, {size / 1000:,.0f} kB")


def _is_safe_in_clear(host: str) -> bool:
    """Whether nobody on the network sees what is said to a host: on this machine, or inside Tor."""
    if host.endswith(".onion") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def push_spool(folder: Path, url: str, proxy: str | None, ca_file: Path | None, as_json: bool) -> None:
    """Deliver; fails where something is left."""
    spool = _existing(folder)
    try:
        target = parse_target_url(url)
    except ValueError as error:
        raise BanwatchError(f"No collector: {url!r}: {error}", "Expected a URL.") from error
    if not (target.is_tls or _is_safe_in_clear(target.host)):
        raise BanwatchError(
            f"{url} is not encrypted: whoever watches would see what is delivered, and to whom",
            "Name an https:// address, or an onion address with --proxy.",
        )
    through: Endpoint | None = None
    if proxy is not None:
        try:
            through = parse_endpoint(proxy)
        except ValueError as error:
            raise BanwatchError(
                f"No proxy: {proxy!r}", "Expected an address such as 127.0.0.1:9050."
            ) from error
    collector = Collector(url=target, roots=Roots(ca_file), proxy=through)
    with piece_progress(Console(stderr=True), "delivering") as report:
        result = asyncio.run(
            push(
                RealNet(),
                spool,
                collector,
                now=lambda: datetime.now(UTC),
                rng=random.SystemRandom(),
                progress=report,
            )
        )
    if as_json:
        print(json.dumps({"accepted": result.accepted, "refused": result.refused, "left": result.left}))
    else:
        print(f"{result.accepted} delivered, {result.left} left")
    if result.left:
        why = result.last_failure or "the collector refused"
        raise BanwatchError(
            f"{result.left} measurements are not delivered ({why})",
            "They stay in the spool: try later, through --proxy, or carry them with `banwatch spool export`.",
        )


def export_spool(folder: Path, out: Path) -> None:
    """Write the bundle."""
    print(f"{_existing(folder).export(out)} sealed measurements in {out}")


def wipe_spool(folder: Path, sure: bool) -> None:
    """Remove everything, after asking."""
    spool = _existing(folder)
    if not sure:
        if not sys.stdin.isatty():
            raise BanwatchError("Not wiped: nobody was there to confirm it", "Add --yes.")
        print(
            "Remove every measurement that is not delivered yet? [yes/no] ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        if sys.stdin.readline().strip().lower() not in {"yes", "y"}:
            raise BanwatchError("Not wiped", "")
    print(f"{spool.wipe()} measurements removed")


def make_key_file(path: Path) -> None:
    """Make keys; never over an existing file."""
    private, public = make_keys()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BanwatchError(
            f"Cannot write {path}: {error.strerror}", "Name a file that is not there yet."
        ) from error
    with os.fdopen(fd, "w") as opened:
        opened.write(private.hex() + "\n")
    print(public.hex())


def open_sealed(private: Path, bundles: list[Path]) -> None:
    """Open bundles; each measurement once, whatever is damaged is told on stderr."""
    try:
        key = parse_key(private.read_text("ascii", "replace"))
    except OSError as error:
        raise BanwatchError(
            f"Cannot read {private}: {error.strerror}", "Name the private key's file."
        ) from error
    seen: set[str] = set()
    damaged = 0
    for name, sealed in _sealed_in(bundles):
        if name in seen:
            continue
        seen.add(name)
        try:
            line = unseal_untrusted(sealed, key)
        except WireError as error:
            damaged += 1
            print(f"{name}: {error.reason}", file=sys.stderr)
            continue
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
    if damaged:
        raise BanwatchError(f"{damaged} of {len(seen)} could not be opened", "Is this the right private key?")


def _sealed_in(bundles: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in bundles:
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as bundle:
                    for entry in bundle.infolist():
                        if entry.file_size <= MAX_SEALED_BYTES:
                            yield entry.filename.rpartition("/")[2], bundle.read(entry)
            else:
                yield path.name.removesuffix(".sealed"), path.read_bytes()
        except (OSError, zipfile.BadZipFile) as error:
            raise BanwatchError(f"Cannot read {path}: {error}", "Name files that `export` wrote.") from error
