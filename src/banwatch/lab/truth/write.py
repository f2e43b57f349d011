"""The truth: a JSON line for every flow, about what the censor did to it."""

from pathlib import Path


class TruthWriter:
    """Appends lines to a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def write(self, records: list[bytes]) -> None:
        """Append records, one line each."""
        if records:
            self._file.write(b"\n".join(records) + b"\n")
            self._file.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Write what is left and close."""
        self._file.close()
