"""Accepted TCP connection: TLS through memory BIOs where there is TLS, then an application protocol.

This driver replaces asyncio's TLS: it drives a protocol, bytes in and sends out, in the same way with TLS and
without, and a pause between two sends is a timer, not a task.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from banwatch.lab.world.application_protocol import ApplicationProtocol, Send
from banwatch.lab.world.world import Address, Handshake

IDLE_S = 15.0
"""Time for which a silent client's connection is kept, in machine time."""
_READ_BYTES = 1 << 16
_AT_ONCE = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which closing sends a reset: on, for zero seconds."""

OpenProtocol = Callable[[Address, str | None], ApplicationProtocol]
"""Factory of a connection's protocol, from the client's address and the negotiated ALPN."""


class Connection(asyncio.Protocol):
    """Server's side of a connection.

    Args:
        local: the address that the client reached.
        open_protocol: factory of its application protocol.
        context: TLS context to begin with, None for none; its SNI callback may choose another.
        alive: set of the open connections, for the end of the process.
        handshake: reaction to a ClientHello.
        is_down: whether the server ends every connection at once.
    """

    def __init__(
        self,
        local: Address,
        open_protocol: OpenProtocol,
        context: ssl.SSLContext | None,
        alive: "set[Connection]",
        handshake: Handshake = Handshake.ANSWERED,
        is_down: Callable[[], bool] = lambda: False,
    ) -> None:
        self._handshake = handshake
        self._is_down = is_down
        self._local = local
        self._open = open_protocol
        self._alive = alive
        self._protocol: ApplicationProtocol | None = None
        self._tls: ssl.SSLObject | None = None
        if context is not None:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._queue: list[Send] = []
        self._pausing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._client: Address = ip_address(str(peer[0]).partition("%")[0]) if peer else self._local
        self._alive.add(self)
        if self._is_down():
            self._hang_up_at_once()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.abort)
        if self._tls is None:
            self._protocol = self._open(self._client, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._idle.cancel()
        if self._pausing:
            self._pausing.cancel()
        self._alive.discard(self)

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            self._feed(data)
            return
        if self._handshake is not Handshake.ANSWERED:
            self._hang_up()
            return
        self._incoming.write(data)
        try:
            if self._protocol is None and not self._shake_hands(self._tls):
                return
            while plain := self._tls.read(_READ_BYTES):
                self._feed(plain)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # also ZeroReturn: the client has sent close_notify
            self._transport.close()
            return
        self._flush_tls()

    def _hang_up_at_once(self) -> None:
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def _hang_up(self) -> None:
        """End the connection as a server without TLS does, or wait until the client gives up."""
        if self._handshake is Handshake.RESET:
            self._hang_up_at_once()
        elif self._handshake is Handshake.END:
            self._transport.close()

    def eof_received(self) -> bool:
        if self._protocol is not None and self._tls is None:
            self._feed(b"")
            return True  # an answer may still be on its way; the protocol closes the connection
        return False

    def _shake_hands(self, tls: ssl.SSLObject) -> bool:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush_tls()
            return False
        except ssl.SSLError:
            self._flush_tls()  # the alert
            raise
        self._protocol = self._open(self._client, tls.selected_alpn_protocol())
        return True

    def _feed(self, data: bytes) -> None:
        assert self._protocol is not None  # set before any data is fed
        sends = self._protocol.receive(data)
        if self._queue or any(send.pause_s for send in sends):
            self._queue.extend(sends)
            self._drain()
        else:
            self._write(sends)

    def _write(self, sends: Sequence[Send]) -> None:
        close = False
        for send in sends:
            close |= send.close
            if send.data and self._tls is not None:
                self._tls.write(send.data)
            elif send.data:
                self._transport.write(send.data)
        if self._tls is not None:
            if close:
                self._send_close_notify(self._tls)
            self._flush_tls()
        if close:
            self._transport.close()

    def _drain(self) -> None:
        """Send the queue up to the next pause."""
        if self._pausing is not None:
            return
        while self._queue:
            if pause_s := self._queue[0].pause_s:
                self._pausing = asyncio.get_running_loop().call_later(pause_s, self._resume)
                return
            self._write((self._queue.pop(0),))

    def _resume(self) -> None:
        self._pausing = None
        send = self._queue.pop(0)
        self._write((Send(send.data, close=send.close),))
        self._drain()

    def _flush_tls(self) -> None:
        if data := self._outgoing.read():
            self._transport.write(data)

    @staticmethod
    def _send_close_notify(tls: ssl.SSLObject) -> None:
        with contextlib.suppress(ssl.SSLError):  # the client's own close_notify is not waited for
            tls.unwrap()
