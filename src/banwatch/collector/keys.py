"""Key pair of a collector: the private key in a file for its owner alone, the public one for probes."""

from dataclasses import dataclass
from pathlib import Path

from nacl.public import PrivateKey

from banwatch.collector.private_files import read_private, write_private
from banwatch.model.errors import BanwatchError
from banwatch.probe.spool.sealing import make_keys, parse_key


@dataclass(frozen=True, slots=True)
class Keys:
    """Private and public key, 32 bytes each."""

    private: bytes
    public: bytes

    @property
    def published(self) -> str:
        """Public key in the form that `--collector-key` takes."""
        return self.public.hex()


def key_path(store: str | Path, archive: Path) -> Path:
    """Return the default path of the private key of a store's collector."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".collector-key")


def load_keys(path: Path, *, make: bool) -> Keys:
    """Read the private key.

    Args:
        path: of the file, as `banwatch spool keys` writes it.
        make: create the file where it does not exist.

    Raises:
        BanwatchError: the file does not exist, is no key, can be read by others, or cannot be written.
    """
    if make and not path.exists():
        write_private(path, make_keys()[0].hex().encode() + b"\n", replace=False)
    text = read_private(path).decode("ascii", "replace")
    try:
        private = parse_key(text)
    except BanwatchError as error:
        raise BanwatchError(
            f"{path} holds no private key", "Expected 64 hexadecimal digits, as `banwatch spool keys` writes"
        ) from error
    return Keys(private, bytes(PrivateKey(private).public_key))
