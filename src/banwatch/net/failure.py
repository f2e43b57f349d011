"""Failures of the network, kept apart from our own mistakes."""

import errno
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure

if TYPE_CHECKING:
    from banwatch.net.seam import IcmpError


class NetworkFailure(Exception):
    """A network operation did not succeed; the only exception that comes out of a `Net`.

    Steps turn it into a record: it never leaves the probe as an exception.
    """

    def __init__(self, failure: Failure, icmp_errors: "Sequence[IcmpError]" = ()) -> None:
        super().__init__(failure)
        self.failure = failure
        self.icmp_errors = tuple(icmp_errors)
        """ICMP errors of routers about it, where the system reports them."""


_BY_ERRNO = {
    errno.ECONNREFUSED: df007.CONNECTION_REFUSED,
    errno.ECONNRESET: df007.CONNECTION_RESET,
    errno.EPIPE: df007.CONNECTION_RESET,  # we wrote into a stream that a reset had ended
    errno.ECONNABORTED: df007.CONNECTION_ABORTED,
    errno.ETIMEDOUT: df007.TIMED_OUT,
    errno.EHOSTUNREACH: df007.HOST_UNREACHABLE,
    errno.ENETUNREACH: df007.NETWORK_UNREACHABLE,
    errno.EADDRNOTAVAIL: "address_not_available",
    errno.EADDRINUSE: "address_in_use",
    errno.EAFNOSUPPORT: "address_family_not_supported",
    errno.ENETDOWN: df007.NETWORK_DOWN,
    errno.ENETRESET: "network_reset",
    errno.EACCES: df007.PERMISSION_DENIED,
    errno.EPERM: df007.PERMISSION_DENIED,
    errno.EINVAL: "invalid_argument",
    errno.EMSGSIZE: "message_size",
    errno.ENOTCONN: "not_connected",
    errno.ENOPROTOOPT: "no_protocol_option",
}

_BY_GAI = {
    socket.EAI_NONAME: df007.DNS_NXDOMAIN,
    socket.EAI_AGAIN: df007.DNS_TEMPORARY,
    socket.EAI_FAIL: df007.DNS_NON_RECOVERABLE,
    getattr(socket, "EAI_NODATA", None): df007.DNS_NO_ANSWER,
}


def classify_os_error(error: OSError) -> Failure:
    """Name an operating system's error in df-007 words.

    `timed_out` is the kernel giving up; a deadline of our own is `generic_timeout_error` and never comes
    this way.
    """
    if isinstance(error, socket.gaierror):
        return _BY_GAI.get(error.errno) or df007.DNS_MISBEHAVING
    if error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return f"{UNKNOWN_FAILURE_PREFIX}{name.lower()}"  # never the text: it may hold an address
