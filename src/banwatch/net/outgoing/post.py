"""POST of one message to an address that the operator chose; redirects are not followed."""

import http.client
import ssl
import urllib.parse
from collections.abc import Mapping

from banwatch.net.outgoing.outcome import Arrival, Outcome

_MAX_ANSWER_BYTES = 1 << 16
_SUCCESS = range(200, 300)


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Outcome:
    """Send a body, and say whether it was taken.

    Args:
        url: an http or https address.
        body: bytes of the message.
        headers: of the request; `Content-Length` and `Host` are added.
        timeout_s: longest wait for each step: connecting, sending, the answer.
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    )
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            return Outcome(Arrival.FAILED, f"no connection: {type(error).__name__}")
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            answer.read(_MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            return Outcome(Arrival.UNCERTAIN, f"no answer: {type(error).__name__}")
        if answer.status in _SUCCESS:
            return Outcome(Arrival.SENT)
        return Outcome(Arrival.FAILED, f"answered with status {answer.status}")
    finally:
        connection.close()
