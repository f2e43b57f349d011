"""Workspace of a demo: a folder with one owner, filled whole or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from banwatch.model.errors import BanwatchError

PRODUCTS = (
    "measurements",
    "truth",
    "perfect.jsonl",
    "banwatch.duckdb",
    "banwatch.duckdb.wal",
    "banwatch.duckdb.archive",
    "banwatch.duckdb.incidents.jsonl",
    "report",
    "result.json",
    "score.json",
)
"""Files that a demo makes; the next demo in the same folder replaces only these."""

_BESIDE_THE_STORE = "banwatch.duckdb."
"""Prefix of files that serving adds to the folder (owner's socket, readers' reports), which stay there."""

FREE_BYTES_NEEDED = 400 * 2**20
"""Free space that a run needs: 100 MB of results, and temporary files of database and pictures."""

_LOCK_NAME = ".banwatch-demo.lock"


@contextmanager
def workspace(out_dir: Path) -> Iterator[Path]:
    """Make a folder for the work; its files move to `out_dir` on success, and are removed otherwise.

    Raises:
        BanwatchError: another demo fills the folder, it holds something else, or the disk is too full.
    """
    made_by_us = not out_dir.exists()
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BanwatchError(
            f"cannot make the folder {out_dir}: {error.strerror}", "Choose another --out"
        ) from error
    try:
        with _locked(out_dir):
            _refuse_foreign_content(out_dir)
            _refuse_full_disk(out_dir)
            partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=out_dir))
            try:
                yield partial
                _install(partial, out_dir)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise BanwatchError(
                        f"no space left in {out_dir}",
                        f"Free {FREE_BYTES_NEEDED // 2**20} MB there, or choose another --out",
                    ) from error
                raise
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    finally:
        if made_by_us and out_dir.is_dir() and not any(out_dir.iterdir()):
            out_dir.rmdir()


@contextmanager
def _locked(out_dir: Path) -> Iterator[None]:
    lock_path = out_dir / _LOCK_NAME
    try:
        handle = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise BanwatchError(f"cannot write in {out_dir}: {error.strerror}", "Choose another --out") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise BanwatchError(
                f"another demo (process {owner}) is filling {out_dir}",
                "Wait until it ends, or give this one another --out",
            ) from None
        if not lock_path.exists() or os.stat(lock_path).st_ino != os.fstat(handle).st_ino:
            raise BanwatchError(f"another demo has just left {out_dir}", "Start this one again")
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            lock_path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _refuse_foreign_content(out_dir: Path) -> None:
    for stale in out_dir.glob(".partial-*"):  # left by a killed demo: this one holds the lock
        shutil.rmtree(stale, ignore_errors=True)
    names = sorted(path.name for path in out_dir.iterdir())
    foreign = [n for n in names if n not in {*PRODUCTS, _LOCK_NAME} and not n.startswith(_BESIDE_THE_STORE)]
    if foreign:
        raise BanwatchError(
            f"{out_dir} holds something that is not from a demo: {', '.join(foreign[:3])}",
            "Choose an empty folder or a new one for --out",
        )


def _refuse_full_disk(out_dir: Path) -> None:
    free = shutil.disk_usage(out_dir).free
    if free < FREE_BYTES_NEEDED:
        raise BanwatchError(
            f"{free // 2**20} MB are free in {out_dir}, the demo needs {FREE_BYTES_NEEDED // 2**20} MB",
            "Free some, or choose another --out",
        )


def _install(partial: Path, out_dir: Path) -> None:
    for name in PRODUCTS:
        old = out_dir / name
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)
    for product in sorted(partial.iterdir()):
        product.rename(out_dir / product.name)
