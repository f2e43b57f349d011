"""Build what a release consists of, twice, and compare the two.

    python tools/release.py FOLDER [--pure]

FOLDER gets the wheel of sources, the wheel with compiled modules (without `--pure`), the source archive, a
bill of materials of what is installed with Banwatch (CycloneDX, from requirements.lock), and SHA256SUMS.
Files are dated by the last commit, so that anybody who builds the same commit gets the same bytes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOM = "banwatch.cdx.json"
SUMS = "SHA256SUMS"


def build(folder: Path, *, native: bool) -> None:
    """Build everything into an empty folder.

    Raises:
        SystemExit: a step failed, and said why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {**os.environ, "SOURCE_DATE_EPOCH": _date_of_commit(), "PYTHONHASHSEED": "0"}
    hatchling = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    _run([*hatchling, "-t", "sdist", "-t", "wheel"], settings)
    if native:
        _run([*hatchling, "-t", "wheel"], settings | {"BANWATCH_NATIVE": "1"})
    cyclonedx = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "requirements",
        "--output-reproducible",
        "--of",
        "JSON",
    ]
    about = ["--pyproject", "pyproject.toml", "--mc-type", "application", "-o", str(folder / BOM)]
    _run([*cyclonedx, *about, "requirements.lock"], settings)
    lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def main(folder: Path, *, native: bool) -> None:
    """Build twice, keep the first, and print its sums.

    Raises:
        SystemExit: the two differ.
    """
    shutil.rmtree(folder, ignore_errors=True)
    build(folder, native=native)
    with tempfile.TemporaryDirectory(prefix="banwatch-release-") as again:
        build(Path(again), native=native)
        first, second = ((where / SUMS).read_text(encoding="ascii") for where in (folder, Path(again)))
    print(first, end="")
    if first != second:
        sys.exit(f"built twice, the files differ:\n{second}")


def _date_of_commit() -> str:
    if "SOURCE_DATE_EPOCH" in os.environ:
        return os.environ["SOURCE_DATE_EPOCH"]
    return _run(["git", "log", "-1", "--format=%ct"], dict(os.environ)).strip()


def _run(command: list[str], settings: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stderr[-4000:]}{done.stdout[-1000:]}")
    return done.stdout


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name]:
            main(Path(name).absolute(), native=True)
        case [name, "--pure"]:
            main(Path(name).absolute(), native=False)
        case _:
            sys.exit(__doc__)
