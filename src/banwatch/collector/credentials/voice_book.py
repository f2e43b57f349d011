"""Voice book: on how many days each pseudonym was heard, as keyed hashes whose keys are thrown away.

Wire: `<database>.voices.json`, for its owner alone: keys with the day of each, and a row `[first day, last
day, days, measurements]` for each voice. A voice that comes again moves to the newest key.
"""

import hashlib
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from banwatch.collector.private_files import read_private, write_private
from banwatch.model.errors import BanwatchError
from banwatch.net.http.clients import parse_address

GROWN_AGE_DAYS = 7
"""Days from the first to the last that a voice was heard, before it counts: an attack has to be prepared for
a week that nobody can buy, mostly before there is a reason for it."""
GROWN_DAYS = 5
"""Days on which it was heard: probes that run by themselves measure daily, a phone is off now and then."""
GROWN_MEASUREMENTS = 50
"""Measurements: one ordinary run over a test list has more; a voice of one a day has less."""
VOICES_PER_PLACE = 3
"""Voices that one place makes in a day: a home, a bureau or a small carrier's gateway has some probes; beyond
that, any number of voices may be one machine."""
KEY_LIFE_DAYS, KEY_STEP_DAYS = 60, 30
"""Life of a key, and days after which the next one begins: whoever is silent for one to two months is
forgotten, and has to grow again."""
MAX_VOICES = 200_000
"""Voices remembered; past it the one that was heard the longest ago is forgotten."""
_SAVE_S = 60.0
"""Seconds between two writes of the book; a crash forgets what was heard since."""
_HASH_BYTES = 8
_IPV4_PLACES = ((24, 1), (16, 8))
_IPV6_PLACES = ((48, 1), (40, 4), (32, 8))
"""Prefixes that are one place each, with the share of voices in each, in those of one place: whoever holds a
/16, or the /32 of a provider, gets eight places of it."""


class _Key(msgspec.Struct, frozen=True, kw_only=True):
    secret: bytes
    since: int


class _Book(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[_Key]
    voices: dict[str, tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Heard:
    """Voice of a submission."""

    voice: str
    """Keyed hash of its pseudonym."""
    grown: bool
    """Whether it took days and measurements to grow, and its place has not had its share of voices today."""
    measurements: int = 0
    """Measurements that let it grow."""


class VoiceBook:
    """Counts the days and measurements of pseudonyms.

    Args:
        path: of the book; None keeps it in memory.
        today: returns the Julian day.
        clock: monotonic time in seconds.

    Raises:
        BanwatchError: the book cannot be read, is damaged, or can be read by others.
    """

    def __init__(
        self,
        path: Path | None,
        today: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._today = today
        self._clock = clock
        self._lock = threading.Lock()
        book = _read(path) if path is not None and path.exists() else _Book(keys=[], voices={})
        self._keys = list(book.keys)
        self._voices = OrderedDict(sorted(book.voices.items(), key=lambda item: item[1][1]))
        self._day = -1
        self._saved_at = clock()
        self._turn()

    def hear(self, nym: str, address: str, *, origin_agrees: bool | None) -> Heard:
        """Count a submission whose pseudonym was verified.

        A voice grows only by submissions that came from the network that they name: who is elsewhere can have
        any number of pseudonyms of any network.

        Args:
            nym: pseudonym.
            address: of the client, of which only the place of today counts, as a hash in memory.
            origin_agrees: whether the submission came from the network that it names.
        """
        with self._lock:
            return self._hear(nym, address, origin_agrees)

    def _hear(self, nym: str, address: str, origin_agrees: bool | None) -> Heard:
        self._turn()
        voice, row = self._find(nym)
        if origin_agrees is not True or not self._has_share(voice, address):
            return Heard(voice, False)
        first, last, days, measurements = row or (self._day, -1, 0, 0)
        row = (first, self._day, days + (last != self._day), measurements + 1)
        self._voices[voice] = row
        self._voices.move_to_end(voice)
        while len(self._voices) > MAX_VOICES:
            self._voices.popitem(last=False)
        if self._clock() - self._saved_at > _SAVE_S:
            self._save()
        return Heard(voice, is_grown(row), row[3])

    def close(self) -> None:
        """Write the book for the last time.

        Raises:
            BanwatchError: it cannot be written.
        """
        with self._lock:
            self._save()

    def _save(self) -> None:
        self._saved_at = self._clock()
        if self._path is not None:
            book = _Book(keys=self._keys, voices=dict(self._voices))
            write_private(self._path, msgspec.json.encode(book), replace=True)

    def _find(self, nym: str) -> tuple[str, tuple[int, int, int, int] | None]:
        """Return a voice under the newest key, with its row, which an older key may have had."""
        newest, *older = [_hash(key.secret, nym.encode()) for key in reversed(self._keys)]
        if newest not in self._voices:
            for voice in older:
                row = self._voices.pop(voice, None)
                if row is not None:
                    self._voices[newest] = row
                    break
        return newest, self._voices.get(newest)

    def _has_share(self, voice: str, address: str) -> bool:
        """Count a voice in its places of today, unless one of them has its share of voices."""
        places = [(_hash(self._place_key, prefix), share) for prefix, share in _places_of(address)]
        if not places:
            return False
        if voice in self._placed:  # a voice that moves about is counted where it was heard first
            return True
        has = all(self._of_place[place] < VOICES_PER_PLACE * share for place, share in places)
        if has:
            self._placed.add(voice)
            self._of_place.update(place for place, _ in places)
        return has

    def _turn(self) -> None:
        """Begin a day: forget the places of the last one, the keys that are too old, and their voices."""
        day = self._today()
        if day == self._day:
            return
        self._day = day
        self._place_key = secrets.token_bytes(32)
        self._of_place: Counter[str] = Counter()
        self._placed: set[str] = set()
        self._keys = [key for key in self._keys if day - key.since < KEY_LIFE_DAYS]
        if not self._keys or day - self._keys[-1].since >= KEY_STEP_DAYS:
            self._keys.append(_Key(secret=secrets.token_bytes(32), since=day))
        oldest = self._keys[0].since
        self._voices = OrderedDict((v, row) for v, row in self._voices.items() if row[1] >= oldest)
        self._save()


def is_grown(row: tuple[int, int, int, int]) -> bool:
    """Whether a voice with a row of the book counts as verified."""
    first, last, days, measurements = row
    return last - first >= GROWN_AGE_DAYS and days >= GROWN_DAYS and measurements >= GROWN_MEASUREMENTS


def voice_book_path(archive: Path) -> Path:
    """Return the path of a store's voice book, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".voices.json")


def _read(path: Path) -> _Book:
    try:
        return msgspec.json.decode(read_private(path), type=_Book)
    except msgspec.DecodeError:
        raise BanwatchError(
            f"{path} is no voice book", "Delete it: every voice then has to grow again"
        ) from None


def _places_of(address: str) -> list[tuple[bytes, int]]:
    ip = parse_address(address)
    if ip is None:
        return []
    bits = int(ip)
    width = ip.max_prefixlen
    prefixes = _IPV4_PLACES if ip.version == 4 else _IPV6_PLACES
    return [
        (b"%d/%d/%d" % (ip.version, length, bits >> (width - length)), share) for length, share in prefixes
    ]


def _hash(key: bytes, data: bytes) -> str:
    return hashlib.blake2b(data, key=key, digest_size=_HASH_BYTES).hexdigest()
