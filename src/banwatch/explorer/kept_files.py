"""Files beside a store that are in no tier: reports, tokens, signals of others, scores of accuracy."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from banwatch.explorer.tokens import TokenBook, tokens_path
from banwatch.model.errors import BanwatchError
from banwatch.model.signal import Signal
from banwatch.store.reports import ReportBook

MOST_SIGNALS = 100_000
"""Signals that are kept: some 30 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """Files beside one store."""

    reports: ReportBook
    tokens: TokenBook
    signals: Path
    accuracy: Path


def kept_files(reports: ReportBook) -> KeptFiles:
    """Name the files of the store that these reports lie beside."""
    tokens = tokens_path(reports.path)
    stem = tokens.name.removesuffix(".tokens.jsonl")
    return KeptFiles(
        reports=reports,
        tokens=TokenBook(tokens),
        signals=tokens.with_name(stem + ".signals.jsonl"),
        accuracy=tokens.with_name(stem + ".accuracy.json"),
    )


def read_kept_signals(path: Path) -> Sequence[Signal]:
    """Read signals in order of time; lines that a crash cut short are left out."""
    found: set[Signal] = set()
    with suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with suppress(msgspec.DecodeError):
                found.add(msgspec.json.decode(line, type=Signal))
    return sorted(found, key=signal_key)


def signal_key(one: Signal) -> tuple[float, str, str, int, str, str]:
    """Return what orders signals and tells them apart."""
    return (one.begins.timestamp(), one.country, one.source, one.asn, one.says, one.url)


def keep_signals(path: Path, brought: Sequence[Signal]) -> int:
    """Add signals that are not there yet, and return how many that were.

    Raises:
        BanwatchError: there is no room for them.
    """
    kept = set(read_kept_signals(path))
    new = [one for one in dict.fromkeys(brought) if one not in kept]
    if len(kept) + len(new) > MOST_SIGNALS:
        raise BanwatchError(f"more than {MOST_SIGNALS} signals are not kept", "Bring in fewer")
    if new:
        _append(path, b"".join(msgspec.json.encode(one) + b"\n" for one in new))
    return len(new)


def read_accuracy(path: Path) -> dict[str, Any] | None:
    """Read the scores that were brought in; None where there are none."""
    with suppress(FileNotFoundError, ValueError):
        found = json.loads(path.read_bytes())
        return found if isinstance(found, dict) else None
    return None


def keep_accuracy(path: Path, scores: dict[str, Any]) -> None:
    """Keep scores, in place of those before, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(msgspec.json.encode(scores))
    os.replace(beside, path)


def _append(path: Path, lines: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, lines)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
