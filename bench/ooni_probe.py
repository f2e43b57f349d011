"""Judge on OONI's own probe's data: lab plays as web_connectivity 0.5 writes them (tests/judge/ooni_shape).

    python -m bench.ooni_probe [FOLDER of `lab score --out` or `lab play --out` ...]

Prints recall, false accusations and what was missed, with and without a resolver inside HTTPS; without a
folder, of the recording that ships.
"""

import sys
import tempfile
from pathlib import Path

from banwatch.lab.recordings import unpack
from banwatch.reference import load
from tests.judge.ooni_shape import print_head, print_row, score_folder


def main(folders: list[str]) -> None:
    """Print the table."""
    print_head()
    with tempfile.TemporaryDirectory() as scratch:
        if not folders:
            unpack(Path(scratch))
        for folder in [Path(name) for name in folders] or [Path(scratch)]:
            matrix = (folder / "worlds").is_dir()
            reference = load(data_dir=folder / "reference" if matrix else Path(scratch))
            for encrypted in (True, False):
                found = score_folder(folder, reference, matrix=matrix, encrypted=encrypted)
                print_row(folder.name if folders else "dprk-2016", encrypted, found)


if __name__ == "__main__":
    main(sys.argv[1:])
