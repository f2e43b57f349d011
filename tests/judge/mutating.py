"""Measurements as a hostile or broken probe might send them: mutated at random, by a seed."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**70,
    1e308,
    "",
    "\x00",
    "\ud800",
    "\u202eevil",
    "x" * 10_000,
    [],
    {},
    [[[]]],
    {"format": "base64", "data": "////"},
    ["a", None, 1],
    "http://[::1",
    "999.999.999.999",
    "<script>alert(1)</script>",
)
_DEPTH = 200
_LENGTH = 300


def mutate(line: bytes, rng: Random) -> tuple[str, bytes]:
    """Mutate a line once: the kind of mutation, and the line."""
    kind = rng.choice(("drop", "drop", "odd", "odd", "swap", "nest", "long", "bytes", "cut", "circle"))
    if kind == "bytes":
        return kind, _damage(line, rng)
    if kind == "cut":
        return kind, line[: rng.randrange(len(line))]
    value = json.loads(line)
    places = list(_places(value))
    holder, key = rng.choice(places)
    match kind:
        case "drop":
            del holder[key]
        case "odd":
            holder[key] = copy.deepcopy(rng.choice(_ODD))
        case "swap":
            other, other_key = rng.choice(places)
            holder[key], other[other_key] = copy.deepcopy(other[other_key]), copy.deepcopy(holder[key])
        case "nest":
            for _ in range(rng.randrange(1, _DEPTH)):
                holder[key] = [holder[key]]
        case "long":
            held = holder[key]
            many = rng.randrange(1, _LENGTH)
            holder[key] = held * many if isinstance(held, list | str) else [held] * many
        case "circle":
            _redirect_in_circles(value, rng)
    return kind, json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: its holder and its key."""
    if isinstance(value, dict):
        for key in list(value):
            yield value, key
            yield from _places(value[key])
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value, index
            yield from _places(value[index])


def _damage(line: bytes, rng: Random) -> bytes:
    damaged = bytearray(line)
    for _ in range(rng.randrange(1, 8)):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def _redirect_in_circles(value: dict[str, Any], rng: Random) -> None:
    requests = (value.get("test_keys") or {}).get("requests")
    if not isinstance(requests, list) or not requests:
        return
    one = requests[-1]
    for depth in range(rng.randrange(2, 60)):
        again = copy.deepcopy(one)
        again["tags"] = [f"depth={depth}"]
        response = again.get("response")
        if isinstance(response, dict):
            response["code"] = 302
            response["headers_list"] = [["Location", again.get("request", {}).get("url", "/")]]
        requests.insert(0, again)
