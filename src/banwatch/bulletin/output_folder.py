"""The folder that a bulletin is written into: whole, or not at all."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from banwatch.model.errors import BanwatchError

_OURS = ("index.html", "style.css", "feed.xml")
"""What every bulletin has at its top."""
_PARTS = (*_OURS, "pictures", "incidents", "measurements")
_BUNDLES = "*-evidence.zip"


class Folder:
    """Writes files; takes them all away again where the writing fails or is interrupted.

    An earlier bulletin in the folder is replaced, so that none of its pages is left among the new ones; a
    folder with anything else in it is refused.

    Args:
        path: made where it is missing.

    Raises:
        BanwatchError: (on entering) something else is in the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: list[Path] = []
        """Folders above and including `path` that were not there, outermost first."""

    def __enter__(self) -> Self:
        if self.path.is_dir() and any(self.path.iterdir()):
            if not all((self.path / name).is_file() for name in _OURS):
                raise BanwatchError(
                    f"{self.path} has other files in it",
                    "Give an empty folder, or that of an earlier bulletin.",
                )
            self._clear()
        self._made = [folder for folder in (*reversed(self.path.parents), self.path) if not folder.exists()]
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        self._clear()
        for folder in reversed(self._made):
            folder.rmdir()

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
        """Write a file at a path relative to the folder."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
