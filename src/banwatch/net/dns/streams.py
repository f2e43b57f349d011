"""DNS questions over a stream: with a length before each message (TCP, TLS), or as HTTPS requests.

Several questions go out together and their replies come in any order. What a peer sends that answers none of
them is left out, and its silence is the caller's deadline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import Failure
from banwatch.net.dns.messages import DnsReply, parse_reply_untrusted, render_question
from banwatch.net.failure import NetworkFailure
from banwatch.net.http.https import body_of
from banwatch.net.http.request import Http2, HttpExchange, HttpRequest, exchange
from banwatch.net.seam import Stream

_READ_BYTES = 1 << 16
_MAX_MESSAGES = 16
"""Read of one connection: as many as a few questions can have answers."""
DOH_LIMIT_BYTES = 1 << 16


@dataclass(slots=True, kw_only=True)
class Asked:
    """A question, and its reply or failure."""

    hostname: str
    query_type: str
    message_id: int = 0
    t0: float = 0.0
    """Moment of asking, on the scale that the caller writes down."""
    reply: DnsReply | None = None
    at_s: float | None = None
    """Moment at which the reply came, on the net's clock."""
    failure: Failure | None = None
    """Reason why there is no reply; a failure that the reply itself reports is in the reply."""

    def answer(self, data: bytes, now_s: float) -> bool:
        """Take a message for the reply, if it is one to this question."""
        try:
            reply = parse_reply_untrusted(data)
        except WireError:
            self.failure = df007.DNS_MISBEHAVING
            return False
        if (reply.message_id, reply.query_type) != (self.message_id, self.query_type):
            return False
        if reply.hostname.lower() != self.hostname.lower():
            return False
        self.reply, self.at_s, self.failure = reply, now_s, None
        return True

    def fail(self, failure: Failure) -> None:
        """Note the reason why there is no reply, unless there is one."""
        if self.reply is None:
            self.failure = failure


def _render(asked: Asked) -> bytes:
    try:
        return render_question(asked.hostname, asked.query_type, asked.message_id)
    except WireError as error:
        raise NetworkFailure(df007.DNS_MISBEHAVING) from error  # no DNS name can be made of it


async def ask_with_lengths(stream: Stream, questions: Sequence[Asked], clock: Callable[[], float]) -> None:
    """Ask with two bytes of length before each message (RFC 7766, RFC 7858); fills the questions in.

    Raises:
        NetworkFailure: the stream ended before all were answered; those that were have their replies.
    """
    frames = (_render(asked) for asked in questions)
    await stream.write(b"".join(len(frame).to_bytes(2, "big") + frame for frame in frames))
    received = bytearray()
    for _ in range(_MAX_MESSAGES):
        while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
            data = await stream.read(_READ_BYTES)
            if not data:
                raise NetworkFailure(df007.EOF)
            received += data
        end = 2 + int.from_bytes(received[:2], "big")
        message = bytes(received[2:end])
        del received[:end]
        for asked in questions:
            if asked.reply is None and asked.answer(message, clock()):
                break
        if all(asked.reply is not None for asked in questions):
            return
    raise NetworkFailure(df007.DNS_MISBEHAVING)


def _request(asked: Asked, authority: str, path: str) -> HttpRequest:
    return HttpRequest(
        method="POST",
        scheme="https",
        authority=authority,
        path=path,
        headers=(("Accept", "application/dns-message"), ("Content-Type", "application/dns-message")),
        body=_render(asked),
    )


def _read_bodies(questions: Sequence[Asked], results: Sequence[HttpExchange], now_s: float) -> None:
    for asked, result in zip(questions, results, strict=True):
        try:
            if not asked.answer(body_of(result), now_s):
                asked.fail(df007.DNS_MISBEHAVING)
        except NetworkFailure as error:
            asked.fail(error.failure)


async def ask_https(
    stream: Stream, asked: Asked, authority: str, path: str, alpn: str, clock: Callable[[], float]
) -> None:
    """Ask one question inside HTTPS (RFC 8484), and fill it in.

    Args:
        stream: inside TLS, to a resolver; nothing else uses it, before or after.
        asked: with message id 0, for caches (section 4.1).
        authority: the resolver's host, and port where it is not 443.
        path: such as `/dns-query`.
        alpn: what TLS agreed on.
        clock: tells when the reply came.
    """
    result = HttpExchange()
    request = _request(asked, authority, path)
    await exchange(stream, request, result, alpn=alpn, limit_bytes=DOH_LIMIT_BYTES, clock=clock)
    _read_bodies((asked,), (result,), clock())


async def ask_http2(
    connection: Http2, questions: Sequence[Asked], authority: str, path: str, clock: Callable[[], float]
) -> None:
    """Ask inside HTTPS, all questions at once; see `ask_https`."""
    requests = [_request(asked, authority, path) for asked in questions]
    results = [HttpExchange() for _ in questions]
    await connection.exchange(requests, results, limit_bytes=DOH_LIMIT_BYTES, clock=clock)
    _read_bodies(questions, results, clock())
