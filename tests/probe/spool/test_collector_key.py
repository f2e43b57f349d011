"""Keys of collectors: as words, and handed over to the next one by the one before."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from banwatch.model.errors import BanwatchError
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.memory import MemoryNet
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.collector_key import (
    CollectorKey,
    HandOver,
    ShownKey,
    leads_to,
    parse_collector_key,
    public_of,
    read_shown_untrusted,
    sign_hand_over,
)
from banwatch.probe.spool.delivery import Collector
from banwatch.probe.spool.key_check import check_key
from banwatch.probe.spool.sealing import make_keys, unseal_untrusted
from banwatch.probe.spool.spool import Spool

PRIVATE = [make_keys()[0] for _ in range(4)]
KEYS = [public_of(one) for one in PRIVATE]
DAY, LATER = date(2026, 11, 28), date(2027, 2, 26)


def steps(*numbers: int) -> tuple[HandOver, ...]:
    """Hand over along some keys."""
    return tuple(sign_hand_over(PRIVATE[one], KEYS[two], DAY, LATER) for one, two in pairwise(numbers))


def test_words_stand_for_the_whole_key() -> None:
    key = KEYS[0]
    assert key.words == parse_collector_key(f" {key.published}\n").words
    assert len(key.words.split()) == 12
    others = (KEYS[1], replace(key, signing=KEYS[1].signing), replace(key, sealing=KEYS[1].sealing))
    assert len({key.words, *(other.words for other in others)}) == 4


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "zz" * 32, "ab" * 96])
def test_what_is_no_key_is_not_shown(text: str) -> None:
    with pytest.raises(BanwatchError, match="No key") as refused:
        parse_collector_key(text)
    assert not text or text not in str(refused.value)


def test_a_key_leads_to_itself_and_to_those_that_it_signed() -> None:
    shown = ShownKey(KEYS[2], steps(0, 1, 2))
    assert all(leads_to(key, shown) for key in KEYS[:3])
    assert not leads_to(KEYS[3], shown)
    assert leads_to(CollectorKey(KEYS[2].sealing), shown)  # a pin of 0.1.0
    assert not leads_to(CollectorKey(KEYS[1].sealing), shown)  # which cannot check a signature
    assert leads_to(KEYS[2], ShownKey(CollectorKey(KEYS[2].sealing)))  # a collector of 0.1.0
    assert not leads_to(KEYS[2], ShownKey(replace(KEYS[2], signing=KEYS[3].signing)))


def test_a_forged_hand_over_leads_nowhere() -> None:
    (true,) = steps(0, 1)
    (stolen,) = steps(2, 1)
    change: Callable[..., HandOver] = msgspec.structs.replace
    forged = [
        change(true, new=KEYS[3].published),
        change(true, until="2099-01-01"),
        change(true, signature=stolen.signature),
        change(stolen, old=true.old),
        change(true, signature=""),
        change(true, signature="zz"),
        change(true, new="nonsense"),
        sign_hand_over(PRIVATE[3], KEYS[1], DAY, LATER),
    ]
    for one in forged:
        for key in (KEYS[1], KEYS[3]):
            assert not leads_to(KEYS[0], ShownKey(key, (one,))), one
    round_in_circles = (*steps(0, 1), *steps(1, 0))
    assert not leads_to(KEYS[0], ShownKey(KEYS[2], round_in_circles))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[", b'{"public_key":"x"}', b'{"public_key":1}', b"\xff", b"[" * 100_000]
)
def test_a_collector_that_shows_no_key(body: bytes) -> None:
    assert read_shown_untrusted(body) is None


async def _check(spool: Spool, answer: bytes) -> CollectorKey | None:
    async def serve(stream: object) -> None:
        await stream.read(65_536)  # type: ignore[attr-defined]  # a stream of the memory net
        await stream.write(answer)  # type: ignore[attr-defined]  # a stream of the memory net

    net = MemoryNet(names={}, tcp={("127.0.0.1", 80): serve})
    to = Collector(url=parse_target_url("http://127.0.0.1/"), roots=Roots(), timeout_s=5)
    return await check_key(net, spool, to, now=lambda: datetime(2026, 11, 28, tzinfo=UTC), pause_s=0.001)


def _answer(key: CollectorKey, hand_overs: tuple[HandOver, ...] = (), status: bytes = b"200 OK") -> bytes:
    about = {
        "public_key": key.sealing.hex(),
        "signing_key": key.signing.hex(),
        "hand_overs": [msgspec.to_builtins(one) for one in hand_overs],
    }
    body = json.dumps(about).encode()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_a_swapped_key_is_said_in_words(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEYS[0].published)
    spool.put(b"{}")
    assert asyncio.run(_check(spool, _answer(KEYS[0]))) is None
    with pytest.raises(BanwatchError, match="Nothing was sent") as refused:
        asyncio.run(_check(spool, _answer(KEYS[1], steps(2, 1))))
    assert KEYS[0].words in str(refused.value)
    assert KEYS[1].words in str(refused.value)
    with pytest.raises(BanwatchError, match="does not say its key"):
        asyncio.run(_check(spool, _answer(KEYS[0], status=b"404 Not Found")))
    assert Spool(tmp_path / "spool").collector_key == KEYS[0]
    assert asyncio.run(_check(spool, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) is None


def test_a_signed_successor_is_pinned(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEYS[0].published)
    spool.put(b"{}")
    assert asyncio.run(_check(spool, _answer(KEYS[2], steps(0, 1, 2)))) == KEYS[2]
    (old,) = spool.waiting()
    assert unseal_untrusted(old.path.read_bytes(), PRIVATE[0]) == b"{}"  # what is sealed stays
    opened = Spool(tmp_path / "spool")
    assert opened.collector_key == KEYS[2]
    name = opened.put(b"{2}")
    new = {one.measurement_id: one for one in opened.waiting()}[name]
    assert unseal_untrusted(new.path.read_bytes(), PRIVATE[2]) == b"{2}"
    with pytest.raises(BanwatchError, match="another collector's key"):
        Spool(tmp_path / "spool", KEYS[3].published)
    opened.pin(KEYS[3])  # as the operator said
    assert Spool(tmp_path / "spool", KEYS[3].published).collector_key == KEYS[3]
