"""Doctor: what this machine allows a lab to do, and how to allow the rest."""

import os
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from banwatch.lab.machine.namespaces import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    MS_PRIVATE,
    MS_REC,
    map_self,
    mount,
    unshare,
)


@dataclass(frozen=True, slots=True)
class Check:
    """Check of one thing that a lab needs of the machine."""

    name: str
    ok: bool
    needed: bool
    """Whether every lab needs it; only some labs need the others."""
    why: str
    """Finding; where it is not ok, the reason that the machine gave."""
    do: str
    """Remedy; empty where it is ok."""


def doctor() -> Sequence[Check]:
    """Try everything that a lab needs, each in a child process of its own."""
    if not sys.platform.startswith("linux"):
        reason = f"namespaces are Linux's; this is {sys.platform}"
        return (Check("linux", False, True, reason, "Run the lab on Linux, or in a Linux virtual machine"),)
    root = _in_child(_namespaces_as_root)
    unprivileged = _in_child(_namespaces_of_a_user)
    either = root is None or unprivileged is None
    enter = _namespaces_as_root if root is None else _namespaces_of_a_user
    user_fix = _how_to_allow_user_namespaces()
    checks = [
        Check(
            "namespaces",
            either,
            True,
            "as root"
            if root is None
            else "in a user namespace"
            if either
            else f"as root: {root}; else: {unprivileged}",
            "" if either else f"Run as root, or: {user_fix}",
        ),
        Check(
            "unprivileged namespaces",
            unprivileged is None,
            False,
            unprivileged or "a user without privileges may make them",
            "" if unprivileged is None else user_fix,
        ),
    ]

    def try_in_namespace(name: str, needed: bool, work: Callable[[], None], found: str, do: str) -> None:
        if not either:
            checks.append(Check(name, False, needed, "there is no namespace to try it in", "See above"))
            return

        def attempt() -> None:
            enter()
            work()

        reason = _in_child(attempt)
        checks.append(Check(name, reason is None, needed, reason or found, "" if reason is None else do))

    try_in_namespace("veth", True, _make_veth, "pairs of virtual links", "Load the module: modprobe veth")
    try_in_namespace(
        "packet sockets", True, _open_packet_socket, "AF_PACKET", "Allow CAP_NET_RAW in the container"
    )
    try_in_namespace(
        "mounts", True, _mount_over_file, "a file system of one's own", "Allow mounts (Docker: --privileged)"
    )
    try_in_namespace(
        "any address", True, _route_any_address, "whole prefixes as local addresses", "Update the kernel"
    )
    try_in_namespace("ipv6", False, _open_ipv6, "IPv6", "Enable it: sysctl net.ipv6.conf.all.disable_ipv6=0")
    try_in_namespace(
        "tun", False, _open_tun, "/dev/net/tun", "chmod 0666 /dev/net/tun; labs use packet sockets otherwise"
    )
    return tuple(checks)


def available() -> bool:
    """Return whether a lab can be built here."""
    return all(check.ok for check in doctor() if check.needed)


def _in_child(work: Callable[[], None]) -> str | None:
    """Try something in a child process; returns the reason why it failed, or None."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            try:
                work()
            except Exception as error:
                os.write(writer, (str(error) or type(error).__name__).encode()[:4096])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        reason = file.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return reason or None


def _namespaces_as_root() -> None:
    unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID)
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


def _namespaces_of_a_user() -> None:
    uid, gid = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID)
    map_self(uid, gid)
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


def _how_to_allow_user_namespaces() -> str:
    for path, bad, fix in (
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ):
        try:
            if Path("/proc/sys", path).read_text(encoding="ascii").strip() == bad:
                return fix
        except OSError:
            continue
    return "in a container, allow unshare (Docker: --security-opt seccomp=unconfined, or --privileged)"


def _make_veth() -> None:
    from pyroute2 import IPRoute

    with IPRoute() as ip:
        ip.link("add", ifname="c0", kind="veth", peer="w0")


def _open_packet_socket() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as opened:
        opened.bind(("lo", 3))


def _mount_over_file() -> None:
    mount("lab", "/tmp", "tmpfs")


def _route_any_address() -> None:
    from pyroute2 import IPRoute

    with IPRoute() as ip:
        lo = ip.link_lookup(ifname="lo")[0]
        ip.link("set", index=lo, state="up")
        ip.route("add", dst="175.45.176.0/22", oif=lo, table=255, type="local", scope=254)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("175.45.176.15", 53))


def _open_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM):
        pass
    if Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").read_text(encoding="ascii").strip() != "0":
        raise OSError("it is switched off")


def _open_tun() -> None:
    import fcntl

    with open("/dev/net/tun", "r+b", buffering=0) as file:
        fcntl.ioctl(
            file, 0x4004_54CA, struct.pack("16sH22x", b"tun0", 0x1001)
        )  # TUNSETIFF: TUN without a header
