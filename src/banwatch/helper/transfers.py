"""Transfers for a probe to measure its network with: random bytes down, discarded bytes up.

`GET /bytes/<n>` answers with n bytes, `POST /bytes` reads what comes and answers with nothing. Ours: OONI's
helper has no such place.
"""

import random

import h11

MAX_TRANSFER_BYTES = 1 << 19
FILLING = random.Random(20160401).randbytes(1 << 14)
_PLACE = b"/bytes"


def asked_bytes(request: h11.Request) -> int | None:
    """Return how many bytes to send; None where the request is for something else."""
    place = request.target.partition(b"?")[0]
    if request.method == b"POST" and place == _PLACE:
        return 0
    if request.method != b"GET" or not place.startswith(_PLACE + b"/"):
        return None
    digits = place[len(_PLACE) + 1 :]
    if not digits.isdigit() or len(digits) > len(str(MAX_TRANSFER_BYTES)):
        return None
    size_bytes = int(digits)
    return size_bytes if 0 < size_bytes <= MAX_TRANSFER_BYTES else None
