r"""Network of a lab: three namespaces, the links between them, addresses and routes.

    client --eth0=====c0-- censor --w0=====eth0-- world
       \______oob0__________________________oob0____/      (only for tiers whose helper path is out-of-band)

The censor's ends of the links have no address and forward nothing: only the censor carries packets across.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from banwatch.lab.machine.namespaces import CLONE_NEWNET, enter, interface_names, open_current, unshare
from banwatch.lab.machine.traffic.links import open_tun
from banwatch.lab.regime.match import Address, Prefix
from banwatch.lab.regime.tier import HelperPath, Tier
from banwatch.model.errors import BanwatchError

if TYPE_CHECKING:
    from pyroute2 import IPRoute

MTU = 1500  # of Ethernet; with segmentation offload a censor would see packets that no network carries
CLIENT_LINK, WORLD_LINK, BYPASS_LINK = "c0", "w0", "oob0"
CLIENT_MAC, WORLD_MAC = b"\x02bw\0\0\1", b"\x02bw\0\0\2"
"""Hardware addresses of the far ends, for frames to them; locally administered."""
_ONE_ADDRESS6 = 128
_BYPASS_CLIENT = IPv4Address("175.45.179.250")
"""Address of the client on the link around the censor: public, and unused in the lab's world."""

# linux/ethtool.h: switch off one at a time, since drivers differ in what they know
_SIOCETHTOOL = 0x8946
_ETHTOOL_OFF = {"rx": 0x15, "tx": 0x17, "sg": 0x19, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
_FALLBACK_TUNNELS = frozenset(
    {"tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"}
)
"""Interfaces that the kernel adds to every namespace once their modules are loaded: down, and permanent."""


@dataclass(frozen=True, slots=True)
class Network:
    """Namespaces of a lab, as open files, and the features of its network."""

    client: int
    world: int
    ipv6: bool
    tuns: tuple[int, ...] = ()
    """Descriptors of the client's and the world's TUN device, where these are the links."""


def build_network(
    tier: Tier, prefixes: Sequence[Prefix], helpers: Sequence[Address], *, tun: bool = False
) -> Network:
    """Make the client's and the world's namespace and link both to this process's own, the censor's.

    Args:
        tier: tier of the client.
        prefixes: prefixes whose addresses live in the world.
        helpers: addresses of the world's helper.
        tun: link them by TUN devices rather than veth pairs.

    Raises:
        BanwatchError: a part of it cannot be had, or a namespace holds an interface that is not the lab's.
    """
    censor = open_current("net")
    try:
        unshare(CLONE_NEWNET)
        client = open_current("net")
        unshare(CLONE_NEWNET)
        world = open_current("net")
        enter(censor, CLONE_NEWNET)
        bypass = tier.helper_path is HelperPath.OUT_OF_BAND
        tuns: tuple[int, ...] = ()
        try:
            if tun:
                tuns = _make_tuns(censor, client, world)
            else:
                _make_veths(client, world)
            ipv6 = _link_up(tier, prefixes, helpers, bypass, censor, client, world)
        except OSError as error:
            raise BanwatchError(
                f"The lab's links cannot be made ({error})", "`banwatch lab doctor` says what is missing"
            ) from error
        side_links = frozenset({"eth0", BYPASS_LINK}) if bypass else frozenset({"eth0"})
        for name, fd, links in (
            ("client", client, side_links),
            ("world", world, side_links),
            ("censor", censor, frozenset() if tun else frozenset({CLIENT_LINK, WORLD_LINK})),
        ):
            enter(fd, CLONE_NEWNET)
            _refuse_foreign_interfaces(name, links)
        return Network(client=client, world=world, ipv6=ipv6, tuns=tuns)
    finally:
        enter(censor, CLONE_NEWNET)
        os.close(censor)


def _refuse_foreign_interfaces(namespace: str, links: frozenset[str]) -> None:
    others = interface_names() - links - {"lo"}
    foreign = sorted(name for name in others if name not in _FALLBACK_TUNNELS or _is_up(name))
    if foreign:
        raise BanwatchError(
            f"The lab's {namespace} namespace holds interfaces that are not its own: {', '.join(foreign)}",
            "Packets of a lab must not be able to leave it: nothing was started",
        )


def _is_up(interface: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = fcntl.ioctl(probe, 0x8913, struct.pack("16s16x", interface.encode()))  # SIOCGIFFLAGS
    return bool(struct.unpack_from("=H", answer, 16)[0] & 1)  # IFF_UP


def _make_veths(client: int, world: int) -> None:
    from pyroute2 import IPRoute  # 0.15 s to import: only the process that builds a network pays for it

    with IPRoute() as here:
        for name, peer_namespace, mac in ((CLIENT_LINK, client, CLIENT_MAC), (WORLD_LINK, world, WORLD_MAC)):
            peer = {"ifname": "eth0", "net_ns_fd": peer_namespace, "address": mac.hex(":")}
            here.link("add", ifname=name, kind="veth", peer=peer, mtu=MTU)
        _quiet(CLIENT_LINK)
        _quiet(WORLD_LINK)
        for name in (CLIENT_LINK, WORLD_LINK):
            here.link("set", index=here.link_lookup(ifname=name)[0], mtu=MTU, state="up")
            _switch_off_offloads(name)


def _make_tuns(censor: int, client: int, world: int) -> tuple[int, ...]:
    fds = []
    for namespace in (client, world):
        enter(namespace, CLONE_NEWNET)
        fds.append(open_tun("eth0"))
    enter(censor, CLONE_NEWNET)
    return tuple(fds)


def _link_up(
    tier: Tier,
    prefixes: Sequence[Prefix],
    helpers: Sequence[Address],
    bypass: bool,
    censor: int,
    client: int,
    world: int,
) -> bool:
    from pyroute2 import IPRoute

    enter(client, CLONE_NEWNET)
    with IPRoute() as ip:
        if bypass:
            ip.link("add", ifname=BYPASS_LINK, kind="veth", peer={"ifname": BYPASS_LINK, "net_ns_fd": world})
        ipv6 = _has_ipv6()
        eth0 = _bring_up(ip, "eth0")
        ip.addr("add", index=eth0, address=str(tier.client_address), prefixlen=32)
        ip.route("add", dst="0.0.0.0/0", oif=eth0, prefsrc=str(tier.client_address))
        if ipv6 and tier.client_address6:
            ip.addr("add", index=eth0, address=str(tier.client_address6), prefixlen=128, flags=0x02)  # NODAD
            ip.route("add", family=socket.AF_INET6, dst="::/0", oif=eth0)
        if bypass:
            oob0 = _bring_up(ip, BYPASS_LINK)
            ip.addr("add", index=oob0, address=str(_BYPASS_CLIENT), prefixlen=32)
            for helper in helpers:
                if helper.version == 4:
                    ip.route("add", dst=f"{helper}/32", oif=oob0, prefsrc=str(_BYPASS_CLIENT))
    _write_sysctl("net/ipv4/ping_group_range", f"{os.getgid()} {os.getgid()}")

    enter(world, CLONE_NEWNET)
    with IPRoute() as ip:
        eth0 = _bring_up(ip, "eth0")
        # In table `local`, where it wins over the world's own prefixes: a client may live inside one of them.
        ip.route("add", dst=f"{tier.client_address}/32", oif=eth0, table=255)
        if ipv6 and tier.client_address6:
            ip.route("add", family=socket.AF_INET6, dst=f"{tier.client_address6}/128", oif=eth0, table=255)
        if bypass:
            ip.route("add", dst=f"{_BYPASS_CLIENT}/32", oif=_bring_up(ip, BYPASS_LINK), table=255)
        lo = ip.link_lookup(ifname="lo")[0]
        for version, family, everything in ((4, socket.AF_INET, 32), (6, socket.AF_INET6, 128)):
            if version == 6 and not ipv6:
                continue
            # The helper's targets live on the same host: without a preferred source, its connections would
            # come from the very address that they go to.
            own = [str(helper) for helper in helpers if helper.version == version]
            for address in own:
                ip.addr("add", index=lo, address=address, prefixlen=everything, flags=0x02)  # NODAD
            source = {"prefsrc": own[0]} if own else {}
            for prefix in dict.fromkeys(prefixes):
                if prefix.version == version and str(prefix.network_address) not in own:
                    if prefix.prefixlen == _ONE_ADDRESS6:
                        # ICMPv6 errors come only from addresses that a link has (RFC 4443, section 2.2)
                        ip.addr(
                            "add", index=lo, address=str(prefix.network_address), prefixlen=128, flags=0x02
                        )
                    # AnyIP: every address of the prefix is this host's.
                    ip.route(
                        "add",
                        family=family,
                        dst=str(prefix),
                        oif=lo,
                        table=255,
                        type="local",
                        scope=254,
                        **source,
                    )
    _write_sysctl("net/ipv4/ip_nonlocal_bind", "1")
    _write_sysctl("net/ipv4/icmp_ratelimit", "0")
    _write_sysctl("net/ipv4/tcp_max_syn_backlog", "8192")
    _write_sysctl("net/core/somaxconn", "8192")
    if ipv6:
        _write_sysctl("net/ipv6/ip_nonlocal_bind", "1")
        _write_sysctl("net/ipv6/icmp/ratelimit", "0")
    enter(censor, CLONE_NEWNET)
    return ipv6 and tier.client_address6 is not None


def _bring_up(ip: "IPRoute", name: str) -> int:
    _quiet(name)
    ip.link("set", index=ip.link_lookup(ifname="lo")[0], state="up")
    index = int(ip.link_lookup(ifname=name)[0])
    if name == "eth0":
        no_arp = 0x80  # linux/if.h, IFF_NOARP: at the other end the censor speaks no ARP
        ip.link("set", index=index, mtu=MTU, flags=no_arp, change=no_arp)
    ip.link("set", index=index, state="up")
    _switch_off_offloads(name)
    return index


def _quiet(name: str) -> None:
    """Keep the kernel from sending packets by itself: no link-local address, no solicitation."""
    for path, text in (
        (f"net/ipv6/conf/{name}/addr_gen_mode", "1"),
        (f"net/ipv6/conf/{name}/accept_ra", "0"),
        (f"net/ipv6/conf/{name}/router_solicitations", "0"),
        (f"net/ipv6/conf/{name}/accept_dad", "0"),
        (f"net/ipv4/conf/{name}/rp_filter", "0"),
        ("net/ipv4/conf/all/rp_filter", "0"),
    ):
        _write_sysctl(path, text)


def _write_sysctl(path: str, text: str) -> None:
    try:
        with open(f"/proc/sys/{path}", "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EINVAL):
            raise  # these five: the kernel lacks the setting, or a container denies it


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM):
            pass
        with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", encoding="ascii") as file:
            return file.read().strip() == "0"
    except OSError:
        return False


def _switch_off_offloads(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in _ETHTOOL_OFF.values():
            value = bytearray(struct.pack("=II", command, 0))
            memory = (ctypes.c_char * len(value)).from_buffer(value)
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(memory)).ljust(40, b"\0")
            try:
                fcntl.ioctl(control, _SIOCETHTOOL, request)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
