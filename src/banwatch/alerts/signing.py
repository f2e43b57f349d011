"""Signatures of webhooks, by Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body.

Wire: the headers `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature: v1,<base64>`;
signed is `<id>.<timestamp>.<body>` with the bytes behind `whsec_`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from banwatch.model.errors import BanwatchError, WireError

PREFIX = "whsec_"
WINDOW_S = 300
"""Difference between the clocks of sender and receiver past which a message is taken for a replay."""
_SECRET_BYTES = range(24, 65)


def make_secret() -> str:
    """Make a secret of a webhook."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def parse_secret(text: str) -> bytes:
    """Return the key of a secret.

    Raises:
        BanwatchError: it is no secret of a webhook.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(PREFIX) or len(key) not in _SECRET_BYTES:
        raise BanwatchError(
            "the webhook's secret is not whsec_ and 24 to 64 bytes in base64",
            "Make one: banwatch alerts secret",
        )
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed webhook."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{_signature(key, message_id, str(timestamp), body)}",
    }


def verify_untrusted(key: bytes, headers: Mapping[str, str], body: bytes, now: int) -> str:
    """Return the id of a webhook whose signature and time are right.

    Raises:
        WireError: the signature is wrong, or the message is older or newer than the window.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or len(timestamp) > 12 or abs(now - int(timestamp)) > WINDOW_S:
        raise WireError("the time of the webhook is not of now")
    expected = _signature(key, message_id, timestamp, body)
    given = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(one.encode(), f"v1,{expected}".encode()) for one in given):
        raise WireError("the signature of the webhook is wrong")
    return message_id


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
