r"""The AS and country of an address: a sorted table, packed small, searched by bisection.

Wire: `BWNT1\n`, then a Zstandard frame of: a JSON header with its length in front (u32), then columns in
little endian. For IPv4 (u32) and IPv6 (u64, the upper half of the address): range starts as differences, AS
numbers of the ranges as indices into the list of ASes; then the same for countries. A range ends where the
next begins; index 0 is "not announced" and "unknown".
"""

import csv
import ipaddress
import json
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from banwatch.model.address import number_of
from banwatch.model.errors import WireError
from banwatch.model.ids import UNKNOWN_COUNTRY, Asn, CountryCode
from banwatch.model.reference import Network

MAGIC = b"BWNT1\n"
_MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""The table of the whole Internet takes 12 MiB."""
_V6_SHIFT = 64
_NAME_LENGTH = 64
"""Characters kept of an AS's name."""

Range = tuple[int, int, str]
"""First and last address as numbers, and what holds between them."""
Index = npt.NDArray[np.uint32]
Starts = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Column:
    """Index, into a list, of the value that holds from each start on."""

    starts: Starts
    values: Index

    def at(self, number: int) -> int:
        position = bisect_right(self.starts.data, number) - 1
        return int(self.values[position]) if position >= 0 else 0


class NetworkTable:
    """Looks addresses up. Built by `unpack_untrusted` or `build`."""

    def __init__(
        self,
        ases: Sequence[tuple[int, str]],
        countries: Sequence[str],
        columns: tuple[_Column, _Column, _Column, _Column],
    ) -> None:
        self._ases = ases
        self._countries = countries
        self._v4_as, self._v6_as, self._v4_country, self._v6_country = columns
        self.network_of = lru_cache(maxsize=262_144)(self._network_of)

    def __len__(self) -> int:
        return len(self._v4_as.starts) + len(self._v6_as.starts)

    def ases(self) -> Sequence[tuple[int, str]]:
        """Every AS of the table: its number and its name."""
        return self._ases

    def in_country(self, country: str) -> tuple[tuple[int, str], ...]:
        """Number and name of each AS most of whose IPv4 ranges are in a country, in order of numbers."""
        if country not in self._countries:
            return ()
        starts, ases = self._v4_as.starts, self._v4_as.values
        places = np.searchsorted(self._v4_country.starts, starts, side="right") - 1
        where = np.where(places >= 0, self._v4_country.values[places.clip(0)], 0)
        every = np.bincount(ases, minlength=len(self._ases) + 1)
        number = list(self._countries).index(country) + 1
        here = np.bincount(ases[where == number], minlength=len(self._ases) + 1)
        return tuple(self._ases[index - 1] for index in np.flatnonzero(2 * here > every).tolist() if index)

    def first_addresses(self) -> Iterator[str]:
        """The first address of every range."""
        for start in self._v4_as.starts:
            yield str(ipaddress.IPv4Address(int(start)))
        for start in self._v6_as.starts:
            yield str(ipaddress.IPv6Address(int(start) << _V6_SHIFT))

    def _network_of(self, ip: str) -> Network | None:
        """Network of an address; None where it is not announced, or not an address."""
        try:
            number = number_of(ip)
        except ValueError:
            return None
        if ":" in ip:
            number, ases, countries = number >> _V6_SHIFT, self._v6_as, self._v6_country
        else:
            ases, countries = self._v4_as, self._v4_country
        index = ases.at(number)
        if index == 0:
            return None
        asn, name = self._ases[index - 1]
        country = countries.at(number)
        code = CountryCode(self._countries[country - 1]) if country else UNKNOWN_COUNTRY
        return Network(asn=Asn(asn), name=name, country=code)

    def pack(self) -> bytes:
        """Pack into the format that this module's docstring gives; the same table gives the same bytes."""
        columns = (self._v4_as, self._v6_as, self._v4_country, self._v6_country)
        header = json.dumps(
            {
                "ases": [asn for asn, _ in self._ases],
                "names": [name for _, name in self._ases],
                "countries": list(self._countries),
                "rows": [len(column.starts) for column in columns],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        parts = [struct.pack("<I", len(header)), header]
        for number, column in enumerate(columns):
            kind = "<u4" if number % 2 == 0 else "<u8"
            steps = np.diff(column.starts, prepend=np.uint64(0)).astype(kind)
            parts.append(_by_significance(steps))
            parts.append(_by_significance(column.values.astype("<u4")))
        return MAGIC + zstandard.ZstdCompressor(level=19).compress(b"".join(parts))


def build(
    ases: Iterable[tuple[int, int, int, int, str]], countries: Iterable[tuple[int, int, int, str]]
) -> NetworkTable:
    """Build a table from ranges.

    Args:
        ases: IP version, first and last address as numbers, AS number, name.
        countries: IP version, first and last address as numbers, country code.
    """
    names: dict[int, str] = {}
    as_ranges: dict[int, list[Range]] = {4: [], 6: []}
    for version, first, last, asn, name in ases:
        names.setdefault(asn, " ".join(name.split())[:_NAME_LENGTH])
        as_ranges[version].append((first, last, str(asn)))
    country_ranges: dict[int, list[Range]] = {4: [], 6: []}
    for version, first, last, code in countries:
        country_ranges[version].append((first, last, code))
    as_order = {str(asn): index for index, asn in enumerate(sorted(names), 1)}
    codes = sorted({code for ranges in country_ranges.values() for _, _, code in ranges})
    code_order = {code: index for index, code in enumerate(codes, 1)}
    return NetworkTable(
        [(asn, names[asn]) for asn in sorted(names)],
        codes,
        (
            _build_column(as_ranges[4], as_order, 0),
            _build_column(as_ranges[6], as_order, _V6_SHIFT),
            _build_column(country_ranges[4], code_order, 0),
            _build_column(country_ranges[6], code_order, _V6_SHIFT),
        ),
    )


def unpack_untrusted(packed: bytes) -> NetworkTable:
    """Unpack a table.

    Raises:
        WireError: it is not in the format, or larger than 64 MiB unpacked.
    """
    if not packed.startswith(MAGIC):
        raise WireError("not a table of networks: it does not begin with BWNT1")
    try:
        plain = zstandard.ZstdDecompressor().decompress(
            packed[len(MAGIC) :], max_output_size=_MAX_UNPACKED_BYTES
        )
        (length,) = struct.unpack_from("<I", plain)
        header: dict[str, Any] = json.loads(plain[4 : 4 + length])
        ases = list(zip(header["ases"], header["names"], strict=True))
        columns = tuple(_read_columns(plain, 4 + length, header["rows"]))
        a, b, c, d = columns
    except (zstandard.ZstdError, struct.error, ValueError, KeyError, TypeError) as error:
        raise WireError(f"not a table of networks: {error}") from None
    for column, most in (
        (a, len(ases)),
        (b, len(ases)),
        (c, len(header["countries"])),
        (d, len(header["countries"])),
    ):
        if column.values.size and int(column.values.max()) > most:
            raise WireError("not a table of networks: an index points past its list")
    return NetworkTable(ases, header["countries"], (a, b, c, d))


def read_as_rows(path: Path) -> Iterator[tuple[int, int, int, int, str]]:
    """Read `first, last, AS number, name` from a CSV file; addresses or plain numbers (IPv4)."""
    for version, first, last, rest in _read_rows(path):
        if rest and rest[0].isdecimal():
            yield version, first, last, int(rest[0]), rest[1] if len(rest) > 1 else ""


def read_country_rows(path: Path) -> Iterator[tuple[int, int, int, str]]:
    """Read `first, last, country code` from a CSV file."""
    for version, first, last, rest in _read_rows(path):
        if rest and len(rest[0]) == 2:
            yield version, first, last, rest[0].upper()


def _read_rows(path: Path) -> Iterator[tuple[int, int, int, list[str]]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            try:
                first, last = ipaddress.ip_address(row[0]), ipaddress.ip_address(row[1])
            except (ValueError, IndexError):
                if number == 1:
                    continue  # a heading
                raise WireError(f"{path.name}, line {number}: expected first and last address") from None
            yield first.version, int(first), int(last), row[2:]


def _build_column(ranges: list[Range], order: dict[str, int], shift: int) -> _Column:
    starts: list[int] = []
    values: list[int] = []

    def begin(at: int, value: int) -> None:
        if starts and starts[-1] == at:
            starts.pop()
            values.pop()
        if (values[-1] if values else 0) != value:
            starts.append(at)
            values.append(value)

    previous_end = 0
    for first, last, key in sorted(ranges):
        low, high = first >> shift, last >> shift
        if low > previous_end:
            begin(previous_end, 0)
        begin(low, order[key])
        previous_end = high + 1
    if ranges and previous_end < 2 ** (64 if shift else 32):
        begin(previous_end, 0)
    return _Column(np.array(starts, dtype=np.uint64), np.array(values, dtype=np.uint32))


def _by_significance(column: npt.NDArray[Any]) -> bytes:
    """Lay out the lowest bytes of all values, then the next: alike bytes side by side compress better."""
    return column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()


def _read_columns(plain: bytes, at: int, rows: Sequence[int]) -> Iterator[_Column]:
    for number, count in enumerate(rows):
        kind = np.dtype("<u4" if number % 2 == 0 else "<u8")
        steps, at = _read_array(plain, at, count, kind)
        values, at = _read_array(plain, at, count, np.dtype("<u4"))
        yield _Column(np.cumsum(steps.astype(np.uint64), dtype=np.uint64), values.astype(np.uint32))


def _read_array(plain: bytes, at: int, count: int, kind: np.dtype[Any]) -> tuple[npt.NDArray[Any], int]:
    end = at + count * kind.itemsize
    planes = np.frombuffer(plain[at:end], dtype=np.uint8).reshape(kind.itemsize, count)
    return np.ascontiguousarray(planes.T).view(kind).reshape(count), end
