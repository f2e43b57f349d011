"""Recording of a play: packing and unpacking."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import zstandard

from banwatch.lab.play.conduct import PlayResult
from banwatch.model.errors import BanwatchError

RECORDINGS = Path(__file__).parent
STORY = "dprk-2016"
LEVEL = 19
WINDOW_LOG = 26
"""Window of 64 MiB: the same page a simulated week later still costs a few bytes."""
MAX_UNPACKED_BYTES = 1 << 30


def recorded() -> tuple[str, ...]:
    """Return the regimes of which a recording ships."""
    return tuple(
        sorted(path.name for path in RECORDINGS.iterdir() if (path / "measurements.jsonl.zst").is_file())
    )


def pack(play_dir: Path, regime: str, into: Path = RECORDINGS) -> Path:
    """Make a recording of a play; returns its folder.

    Args:
        play_dir: the `out_dir` of the play.
        regime: name of the regime, which the recording gets.
        into: folder of recordings.
    """
    folder = into / regime
    folder.mkdir(parents=True, exist_ok=True)
    measurements = sorted((play_dir / "measurements").glob("*.jsonl.gz"))
    truth = sorted((play_dir / "truth").glob("*.jsonl"))
    if not measurements or not truth:
        raise BanwatchError(
            f"there is no play in {play_dir}", "Expected measurements/*.jsonl.gz and truth/*.jsonl"
        )
    _compress(
        folder / "measurements.jsonl.zst", (gzip.decompress(path.read_bytes()) for path in measurements)
    )
    _compress(folder / "truth.jsonl.zst", (path.read_bytes() for path in truth))
    return folder


def unpack(out_dir: Path, regime: str = STORY) -> PlayResult:
    """Write a recording's files as the play left them: `measurements/*.jsonl.gz` and `truth/*.jsonl`.

    Raises:
        BanwatchError: no recording of this regime ships, or it is damaged.
    """
    folder = RECORDINGS / regime
    if regime not in recorded():
        raise BanwatchError(
            f"there is no recording of {regime}", f"Recorded are: {', '.join(recorded()) or 'none'}"
        )
    lines = _decompress(folder / "measurements.jsonl.zst")
    truth = _decompress(folder / "truth.jsonl.zst")
    measurement_file = out_dir / "measurements" / f"{regime}.jsonl.gz"
    truth_file = out_dir / "truth" / f"{regime}.jsonl"
    for path in (measurement_file, truth_file):
        path.parent.mkdir(parents=True, exist_ok=True)
    measurement_file.write_bytes(gzip.compress(lines, 6, mtime=0))
    truth_file.write_bytes(truth)
    return PlayResult(
        measurements=lines.count(b"\n"),
        flows=truth.count(b"\n"),
        measurement_files=(measurement_file,),
        truth_files=(truth_file,),
    )


def _compress(path: Path, pieces: Iterable[bytes]) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW_LOG, enable_ldm=True, write_checksum=True
    )
    content = b"".join(pieces)
    path.write_bytes(zstandard.ZstdCompressor(compression_params=parameters).compress(content))


def _decompress(path: Path) -> bytes:
    try:
        return zstandard.ZstdDecompressor(max_window_size=1 << WINDOW_LOG).decompress(
            path.read_bytes(), max_output_size=MAX_UNPACKED_BYTES
        )
    except (OSError, zstandard.ZstdError) as error:
        raise BanwatchError(
            f"the recording {path} cannot be read: {error}", "Install Banwatch again"
        ) from error
