"""Files of truth: JSON lines, appended by the censor's process and read back whole."""

from collections.abc import Iterable
from pathlib import Path

from banwatch.lab.truth.flow_truth import FlowTruth, parse_flow_truth, render_flow_truth
from banwatch.model.errors import BanwatchError


class TruthWriter:
    """Appends the truth of flows to a file.

    Args:
        path: the file; it is made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def write(self, flows: Iterable[FlowTruth]) -> None:
        """Append flows, one line each, and hand them to the operating system."""
        lines = [render_flow_truth(flow) for flow in flows]
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")
            self._file.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Write what is left and close the file."""
        self._file.close()


def load_truth(paths: Iterable[Path]) -> list[FlowTruth]:
    """Read every flow of some truth files.

    Raises:
        BanwatchError: a file cannot be read, or a line of it holds something else.
    """
    flows: list[FlowTruth] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                flows.extend(parse_flow_truth(line) for line in file if line.strip())
        except OSError as error:
            raise BanwatchError(f"the truth {path} cannot be read: {error}") from error
    return flows
