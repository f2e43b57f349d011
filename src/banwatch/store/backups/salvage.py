"""Salvage of damaged archive segments: whole frames go into a segment of their own, the rest is listed."""

import os
from dataclasses import dataclass

import zstandard

from banwatch.model.errors import WireError
from banwatch.store.archive import Archive, Frame, SegmentIndex, pack_frame

_DAMAGED = "damaged"
_FRAME = b"\x28\xb5\x2f\xfd"
_MAX_FRAME_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """Result of salvaging one segment."""

    segment: str
    """The damaged one, whose file goes into the folder `damaged` of the archive."""
    replaced_by: str
    """Segment of the whole lines; empty where there are none."""
    lines: int
    """Lines that are whole."""
    lost_lines: int
    """Lines that are not; -1 where the index, which counts them, is lost too."""


def salvage(archive: Archive, segment: str, ordinal: int) -> Salvage:
    """Write the whole lines of a damaged segment as a new one; `put_aside` goes with the old one.

    A frame has a checksum of its own, so that what unpacks is what was written. Without the index the lines'
    sources and receipts are lost: they count as anonymous and unreceived.

    Args:
        archive: that has the segment.
        segment: name of the damaged one.
        ordinal: its place in the order of commits.
    """
    data = archive.path_of(segment).read_bytes()
    try:
        index = archive.index(segment)
        if index.ordinal != ordinal:
            raise WireError("the index has another place")
    except WireError:
        index = None
    frames = list(_whole_frames(data, index))
    lines = sum(len(frame.line_bytes) for frame in frames)
    name = archive.write(ordinal, frames)[0] if frames else ""
    lost = sum(index.frame_lines) - lines if index is not None else -1
    return Salvage(segment=segment, replaced_by=name, lines=lines, lost_lines=lost)


def put_aside(archive: Archive, segment: str) -> None:
    """Move a damaged segment into the folder `damaged`, for a person to look at."""
    aside = archive.folder / _DAMAGED
    aside.mkdir(mode=0o700, exist_ok=True)
    archive.forget(segment)
    path = archive.path_of(segment)
    os.replace(path, aside / path.name)


def _whole_frames(data: bytes, index: SegmentIndex | None) -> list[Frame]:
    """Unpack the frames that are whole, at the places that the index gives, or wherever one begins."""
    found = []
    if index is not None:
        starts = index.frame_starts()
        for number, (offset, size) in enumerate(zip(index.frame_offsets, index.frame_sizes, strict=True)):
            lines = _lines_of(data[offset : offset + size])
            if lines is None or len(lines) != index.frame_lines[number]:
                continue
            positions = range(starts[number], starts[number] + len(lines))
            numbers = [index.line_numbers[position] for position in positions]
            source, receipts = index.frame_sources[number], index.receipts_of(positions)
            found.append(pack_frame(source, numbers, lines, receipts))
        return found
    at = data.find(_FRAME)
    while at >= 0:
        lines = _lines_of(data[at:])
        if lines is not None:
            numbers = list(range(1, len(lines) + 1))
            found.append(pack_frame("(salvaged without its index)", numbers, lines))
        at = data.find(_FRAME, at + 1)
    return found


def _lines_of(data: bytes) -> list[bytes] | None:
    """Unpack one frame; None where it is damaged."""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size > _MAX_FRAME_BYTES:
            return None
        text = unpacker.decompress(data)
    except zstandard.ZstdError:
        return None
    if not unpacker.eof or not text.endswith(b"\n"):
        return None
    return text[:-1].split(b"\n")
