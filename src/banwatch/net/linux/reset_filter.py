"""A socket filter that lets a TCP connection outlive resets.

A reset that was forged on the path ends a connection only where the kernel accepts it. A classic BPF
program on the socket drops every segment with the RST flag before TCP sees it (Linux, `tcp_filter` in
`tcp_v4_rcv` and `tcp_v6_rcv`), and needs no privilege. The socket counts dropped segments.
"""

import ctypes
import socket
import struct
import sys

_SO_ATTACH_FILTER, _SO_MEMINFO = 26, 55  # <asm-generic/socket.h>
_MEMINFO_FIELDS, _MEMINFO_DROPS = 9, 8  # <linux/sock_diag.h>: SK_MEMINFO_VARS, SK_MEMINFO_DROPS
_FLAGS_OFFSET, _RST = 13, 0x04
_NO_LINGERING = struct.pack("ii", 1, 0)
# struct sock_filter, <linux/filter.h>: code, jump if true, jump if false, operand. A TCP socket's filter sees
# the segment from its TCP header on.
_PROGRAM = (
    (0x30, 0, 0, _FLAGS_OFFSET),  # BPF_LD | BPF_B | BPF_ABS: load the flags
    (0x45, 0, 1, _RST),  # BPF_JMP | BPF_JSET: is RST among them?
    (0x06, 0, 0, 0),  # BPF_RET: keep nothing
    (0x06, 0, 0, 0xFFFFFFFF),  # BPF_RET: keep all
)


def attach_reset_filter(sock: socket.socket) -> bool:
    """Make a TCP socket ignore resets; False where the system does not allow it."""
    if not sys.platform.startswith("linux"):
        return False
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in _PROGRAM))
    program = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(code))  # struct sock_fprog
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        # or the kernel would go on for minutes to send again what is never acknowledged
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    except OSError:
        return False
    return True


def count_dropped(sock: socket.socket) -> int | None:
    """Return how many segments a socket has dropped so far; None where the system does not say."""
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * _MEMINFO_FIELDS)
    except OSError:
        return None
    if len(raw) <= 4 * _MEMINFO_DROPS:
        return None
    (dropped,) = struct.unpack_from("=I", raw, 4 * _MEMINFO_DROPS)
    return int(dropped)
