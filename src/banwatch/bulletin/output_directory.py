"""The directory of a bulletin, which is written whole or not at all."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from banwatch.model.errors import BanwatchError

_REQUIRED_FILES = ("index.html", "style.css", "feed.xml")
"""Files at the top of every bulletin, by which an earlier one is recognised."""
_PARTS = (*_REQUIRED_FILES, "pictures", "incidents", "measurements")
_BUNDLES = "*-evidence.zip"


class OutputDirectory:
    """Directory for a bulletin; its files are removed again where the writing fails or is interrupted.

    An earlier bulletin in it is replaced, so that none of its pages is left among the new ones; a directory
    with anything else in it is refused.

    Args:
        path: the directory, made where it is missing.

    Raises:
        BanwatchError: (on entering) the directory has other files in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._created: list[Path] = []
        """Directories down to `path` that this run made, outermost first."""

    def __enter__(self) -> Self:
        if self.path.is_dir() and any(self.path.iterdir()):
            if not all((self.path / name).is_file() for name in _REQUIRED_FILES):
                raise BanwatchError(
                    f"{self.path} has other files in it",
                    "Give an empty folder, or that of an earlier bulletin.",
                )
            self._clear()
        self._created = [
            directory for directory in (*reversed(self.path.parents), self.path) if not directory.exists()
        ]
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        self._clear()
        for directory in reversed(self._created):
            directory.rmdir()

    def _clear(self) -> None:
        for name in _PARTS:
            part = self.path / name
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part)
            else:
                part.unlink(missing_ok=True)
        for bundle in self.path.glob(_BUNDLES):
            bundle.unlink()

    def write(self, path: str, content: bytes) -> None:
        """Write a file at a path relative to the directory."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
