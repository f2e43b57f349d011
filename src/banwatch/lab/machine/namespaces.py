"""Linux namespaces from Python 3.11: unshare, setns, mounts, and the subreaper setting.

Namespaces get no name in the file system, as `ip netns add` would give them. One lives as long as a process
or an open file of it, so that a lab leaves none behind, however it ends.
"""

import ctypes
import errno
import os
import socket

from banwatch.model.errors import BanwatchError

# linux/sched.h
CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

# linux/mount.h
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8

_MNT_DETACH = 2  # linux/fs.h
_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces, of the kinds that the flags name."""
    _check(_libc.unshare(flags), "unshare")


def enter(fd: int, kind: int) -> None:
    """Move this process (for PID namespaces: its future children) into the namespace that `fd` refers to."""
    _check(_libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """Mount a file system, by the system call of that name."""
    result = _libc.mount(
        source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {target}")


def unmount(target: str) -> None:
    """Detach a mount at once, even while it is in use."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"unmount {target}")


def set_child_subreaper(wanted: bool) -> bool:
    """Set whether orphaned descendants become children of this process; returns the old setting."""
    before = ctypes.c_int()
    _check(_libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0), "prctl")
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0), "prctl")
    return bool(before.value)


def open_current(kind: str) -> int:
    """Open this process's namespace of a kind (`net`, `mnt`, `user`, `pid`, `pid_for_children`)."""
    return os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def unshare_for_lab() -> bool:
    """Move into new network, mount and PID namespaces, in a new user namespace where that is needed.

    The PID namespace begins with the next fork. The mount namespace no longer shares what is mounted in it.

    Returns:
        Whether a user namespace was needed, in which this process holds every capability.

    Raises:
        BanwatchError: the machine does not allow it.
    """
    kinds = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID
    try:
        unshare(kinds)
        in_user_namespace = False
    except OSError as error:
        if error.errno != errno.EPERM:
            raise BanwatchError(
                f"This machine gives no namespaces ({error})", "`banwatch lab doctor` says more"
            ) from error
        uid, gid = os.getuid(), os.getgid()
        try:
            unshare(CLONE_NEWUSER | kinds)
            map_self(uid, gid)
        except OSError as denied:
            raise BanwatchError(
                f"This user may not make namespaces ({denied})",
                "Run it as root, or allow unprivileged user namespaces; `banwatch lab doctor` says how",
            ) from denied
        in_user_namespace = True
    mount("none", "/", "none", MS_REC | MS_PRIVATE)
    return in_user_namespace


def map_self(uid: int, gid: int) -> None:
    """Map this process's own user and group ids into a new user namespace."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def interface_names() -> frozenset[str]:
    """List the network interfaces of this process's network namespace."""
    return frozenset(name for _, name in socket.if_nameindex())
