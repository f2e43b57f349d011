"""First process of a lab: makes its namespaces, and forks the censor between them.

The censor is the init of the lab's PID namespace, so every process of a lab ends with it. It ends when the
other end of its control socket is closed, so a lab ends with the process that started it, kill -9 included.
"""

import contextlib
import errno
import gc
import json
import os
import shutil
import signal
import socket
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from banwatch.lab.censor.censor import Censor
from banwatch.lab.machine.client_files import mount_client_files
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.namespaces import open_current, unmount, unshare_for_lab
from banwatch.lab.machine.network import (
    CLIENT_LINK,
    CLIENT_MAC,
    WORLD_LINK,
    WORLD_MAC,
    Network,
    build_network,
)
from banwatch.lab.machine.traffic.links import Link, PacketSocketLink, TunLink
from banwatch.lab.machine.traffic.middlebox import Middlebox
from banwatch.lab.machine.traffic.path_model import PathModel
from banwatch.lab.machine.traffic.pcap import PcapWriter
from banwatch.lab.regime.match import Address, Prefix
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.tier import Tier
from banwatch.lab.truth.truth_file import TruthWriter
from banwatch.model.errors import BanwatchError

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """Settings of a lab, for its first process."""

    regime: Regime
    tier: Tier
    prefixes: tuple[Prefix, ...]
    helper_addresses: tuple[Address, ...]
    ca_pem: str
    clock: LabClock
    folder: Path
    """Empty directory of the lab's own; removed with it."""
    truth_path: Path | None
    pcap_path: Path | None
    seed: int
    tun: bool


def run_first_process(settings: LabSettings, control: socket.socket) -> NoReturn:
    """Make the namespaces and fork the censor as their init; never returns. The caller adopts the censor."""
    gc.freeze()  # a collection would visit every object of the parent, and copy its pages, while packets wait
    try:
        in_user_namespace = unshare_for_lab()
        child = os.fork()
        if child == 0:
            _run_censor(settings, control, in_user_namespace)
        control.send(json.dumps({"pid": child}).encode())
    except BaseException as error:
        _report(control, error)
    finally:
        os._exit(0)


def _run_censor(settings: LabSettings, control: socket.socket, in_user_namespace: bool) -> NoReturn:
    status = 1
    try:
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)  # the control socket is what ends a lab
        signal.signal(
            signal.SIGCHLD, signal.SIG_IGN
        )  # the kernel reaps orphans of the namespace for their init
        network = _build_in_child(settings)
        mount_client_files(settings.folder, settings.tier, settings.ca_pem)
        client_link, world_link = _open_links(network)
        censor = Censor(settings.regime, settings.tier, seed=settings.seed)
        truth = TruthWriter(settings.truth_path) if settings.truth_path else None
        pcap = PcapWriter(settings.pcap_path) if settings.pcap_path else None
        path = PathModel(settings.tier.path, settings.seed)
        middlebox = Middlebox(client_link, world_link, censor, path, settings.clock, control, truth, pcap)
        fds = [open_current("pid"), network.client, network.world, open_current("mnt")]
        if in_user_namespace:
            fds.append(open_current("user"))
        gc.freeze()  # the regime's tables never become garbage
        socket.send_fds(control, [json.dumps({"ready": True, "ipv6": network.ipv6}).encode()], fds)
        for fd in fds:
            os.close(fd)
        middlebox.run()
        status = 0
    except BaseException as error:
        _report(control, error)
    finally:
        with contextlib.suppress(OSError):
            unmount(str(settings.folder))
        shutil.rmtree(settings.folder, ignore_errors=True)
        os._exit(status)


def _open_links(network: Network) -> tuple[Link, Link]:
    if network.tuns:
        return TunLink(network.tuns[0]), TunLink(network.tuns[1])
    return PacketSocketLink(CLIENT_LINK, CLIENT_MAC), PacketSocketLink(WORLD_LINK, WORLD_MAC)


def _build_in_child(settings: LabSettings) -> Network:
    """Build the network in a child process, whose memory the censor need not keep."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        if os.fork() == 0:
            try:
                network = build_network(
                    settings.tier, settings.prefixes, settings.helper_addresses, tun=settings.tun
                )
                message = json.dumps({"ipv6": network.ipv6}).encode()
                socket.send_fds(theirs, [message], [network.client, network.world, *network.tuns])
            except BaseException as error:
                _report(theirs, error)
            finally:
                os._exit(0)
        theirs.close()
        message, fds, _, _ = socket.recv_fds(ours, 65_536, 4)
    answer = json.loads(message) if message else {}
    if "error" in answer:
        raise BanwatchError(answer["error"]["what"], answer["error"]["do"])
    if len(fds) < 2:
        raise BanwatchError(
            "The lab's network could not be built", "It was killed, or memory ran out; run it again"
        )
    return Network(client=fds[0], world=fds[1], ipv6=answer["ipv6"], tuns=tuple(fds[2:]))


def _report(control: socket.socket, error: BaseException) -> None:
    if isinstance(error, BanwatchError):
        message = {"what": error.what, "do": error.do}
    elif isinstance(error, OSError) and (error.filename is not None or error.errno in _DISK_FULL):
        message = {
            "what": f"The lab cannot write its files: {error}",
            "do": "Free some space, or give other paths",
        }
    else:
        trace = "".join(traceback.format_exception(error))
        message = {
            "what": f"The lab's censor failed:\n{trace}",
            "do": "Nothing was let through; please report it",
        }
    with contextlib.suppress(OSError):
        control.send(json.dumps({"error": message}).encode()[:60_000])
