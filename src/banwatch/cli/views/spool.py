"""Spool contents, deliveries and opened measurements, as `banwatch spool` prints them."""

import json
import sys
from collections.abc import Iterable

from banwatch.cli.views.messages import note
from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.collector_key import CollectorKey
from banwatch.probe.spool.delivery import Delivered
from banwatch.probe.spool.opening import Opened
from banwatch.probe.spool.spool import Spool


def show_key(key: CollectorKey) -> None:
    """Print a collector's key, and on stderr the words that stand for it."""
    print(key.published)
    note(f"In words: {key.words}")


def note_new_key(key: CollectorKey) -> None:
    """Say that a collector's key handed over to another one."""
    note(f"The collector has a new key, signed by the one that this spool knew. In words: {key.words}")


def show_spool(spool: Spool, *, as_json: bool) -> None:
    """Print the number of sealed measurements and their bytes."""
    waiting = list(spool.waiting())
    size_bytes = sum(sealed.size_bytes for sealed in waiting)
    key = spool.collector_key
    if as_json:
        row = {"measurements": len(waiting), "size_bytes": size_bytes}
        print(json.dumps({**row, "collector_key": key.published, "words": key.words}))
    else:
        print(f"{len(waiting)} sealed measurements, {size_bytes / 1000:,.0f} kB")
        print(f"sealed to the key: {key.words}")


def show_delivery(result: Delivered, *, as_json: bool) -> None:
    """Print how much was delivered.

    Raises:
        BanwatchError: something is left in the spool.
    """
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


def confirm_wipe() -> None:
    """Ask on the terminal whether a spool may be wiped.

    Raises:
        BanwatchError: the answer was no, or nobody could be asked.
    """
    if not sys.stdin.isatty():
        raise BanwatchError("Not wiped: nobody was there to confirm it", "Add --yes.")
    print(
        "Remove every measurement that is not delivered yet? [yes/no] ", end="", file=sys.stderr, flush=True
    )
    if sys.stdin.readline().strip().lower() not in {"yes", "y"}:
        raise BanwatchError("Not wiped", "")


def write_opened(opened: Iterable[Opened]) -> None:
    """Write measurements to stdout, one a line, and name damaged ones on stderr.

    Raises:
        BanwatchError: some could not be opened.
    """
    count = damaged = 0
    for measurement in opened:
        count += 1
        if measurement.damage:
            damaged += 1
            print(f"{measurement.name}: {measurement.damage}", file=sys.stderr)
        else:
            sys.stdout.buffer.write(measurement.line + b"\n")
    sys.stdout.buffer.flush()
    if damaged:
        raise BanwatchError(f"{damaged} of {count} could not be opened", "Is this the right private key?")
