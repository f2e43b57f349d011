"""Sources of test lists: a file, the imported list of a country, or an address on the web."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from banwatch.formats.test_lists import read_category
from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.real import RealNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.inputs.inputs import UNKNOWN, Input, parse_list_untrusted
from banwatch.probe.inputs.list_fetch import fetch_list
from banwatch.probe.settings import Settings
from banwatch.reference import snapshots
from banwatch.reference.importing import read_sites

_COUNTRY_CODE = re.compile("[A-Za-z]{2}|global", re.IGNORECASE)


def is_fetched(source: str) -> bool:
    """Say whether a source is an address on the web, from which a list is fetched."""
    return "://" in source


def read_list(source: str, settings: Settings, note: Callable[[str], None]) -> list[Input]:
    """Read a test list.

    Args:
        source: an `https://` address, two letters of a country (or `global`), or else a file; `./kp` is a
            file whose name is two letters.
        settings: the authorities that are trusted, and how long to wait.
        note: called with a message on lines that are no URL.

    Raises:
        BanwatchError: there is no such list, or it cannot be read.
    """
    if is_fetched(source):
        return _parse(_fetch(source, settings), source, note)
    if _COUNTRY_CODE.fullmatch(source):
        return _read_country_list(source.upper())
    try:
        data = Path(source).read_bytes()
    except OSError as error:
        raise BanwatchError(f"Cannot read the list {source}: {error.strerror}", "Name a file.") from error
    return _parse(data, source, note)


def _parse(data: bytes, source: str, note: Callable[[str], None]) -> list[Input]:
    try:
        parsed = parse_list_untrusted(data)
    except WireError as error:
        raise BanwatchError(
            f"Cannot read the list {source}: {error.reason}",
            "Expected URLs, one a line, or a Citizen Lab CSV.",
        ) from error
    if parsed.passed_over:
        reasons = ", ".join(f"{count} {reason}" for reason, count in parsed.passed_over.most_common())
        note(f"{parsed.passed_over.total()} rows of {source} passed over: {reasons}")
    return parsed.inputs


def _read_country_list(code: str) -> list[Input]:
    data_dir = snapshots.default_data_dir()
    imported = [snapshot for snapshot in snapshots.list_imported(data_dir) if snapshot.kind == "test-lists"]
    if not imported:
        raise BanwatchError(
            f"No test list for {code}: none has been imported",
            "Import Citizen Lab's with `banwatch reference import`, or name a file or an https:// address.",
        )
    sites = read_sites(data_dir, imported[-1])
    inputs = [
        Input(site.url, read_category(site.category) or UNKNOWN) for site in sites if site.listed_for == code
    ]
    if not inputs:
        countries = ", ".join(sorted({site.listed_for for site in sites}))
        raise BanwatchError(f"No test list for {code} in {imported[-1].id}", f"It has: {countries}.")
    return inputs


def _fetch(source: str, settings: Settings) -> bytes:
    try:
        url = parse_target_url(source)
    except ValueError as error:
        raise BanwatchError(f"No list: {source!r}: {error}", "Expected an https:// address.") from error
    try:
        return asyncio.run(
            fetch_list(
                RealNet(),
                url,
                roots=Roots(settings.ca_file),
                at=settings.now(),
                timeout_s=settings.timeouts.control_s,
            )
        )
    except WireError as error:
        raise BanwatchError(
            f"Cannot fetch the list {source}: {error.reason}", "Fetch it by other means, and name the file."
        ) from error
    except NetworkFailure as error:
        raise BanwatchError(
            f"Cannot fetch the list {source} ({error.failure})",
            "If it is blocked here, bring it in by other means, and name the file.",
        ) from error
