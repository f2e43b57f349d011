"""Receipts of lines: in the inbox at the end of a line, in the archive in the index of a segment.

Wire: a line of the inbox ends in `,"banwatch_receipt":"<receipt>"}`, which the collector wrote after the
last byte of the measurement; it is taken off before the line goes to the archive.
"""

from collections.abc import Iterable, Sequence

from banwatch.model.receipt import Receipt, SourceClass, parse_receipt
from banwatch.store.archive import SegmentIndex

_MARK = b',"banwatch_receipt":"'
_END = b'"}'
_INBOX = ".inbox/"
_LONGEST = 200
FROM_INBOX_0_1 = Receipt(source_class=SourceClass.ANONYMOUS)
"""Receipt of what a collector of 0.1.0 took: anybody could send it, and nobody noted when."""


def with_receipt(line: bytes, receipt: Receipt) -> bytes:
    """Write a receipt at the end of a line of the inbox; the line is a JSON object with some member."""
    return line.rstrip()[:-1] + _MARK + receipt.render().encode() + _END


def split_receipts(lines: Sequence[bytes]) -> tuple[tuple[bytes, ...], tuple[Receipt, ...]]:
    """Take the receipts off some lines of the inbox; lines of 0.1.0 have none."""
    found = [_split(line) for line in lines]
    return tuple(line for line, _ in found), tuple(receipt for _, receipt in found)


def _split(line: bytes) -> tuple[bytes, Receipt]:
    at = line.rfind(_MARK, max(0, len(line) - _LONGEST))
    if at < 0 or not line.endswith(_END):
        return line, FROM_INBOX_0_1
    text = line[at + len(_MARK) : -len(_END)]
    return line[:at] + b"}", parse_receipt(text.decode("ascii", "replace"))


def receipts_of(index: SegmentIndex, source: str, positions: Iterable[int]) -> tuple[Receipt, ...]:
    """Return the receipts of some lines of a segment; empty where none says anything.

    Args:
        index: of the segment.
        source: name of the file that the lines came from.
        positions: of the lines in the segment.
    """
    if index.line_receipts:
        return tuple(parse_receipt(index.receipt_of(p)) for p in positions)
    return tuple(FROM_INBOX_0_1 for _ in positions) if _INBOX in source else ()
