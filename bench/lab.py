"""Benchmark of the lab: throughput, new connections and added round trip, beside a plain veth pair.

Both are measured in one run, with the same client and server, so the ratios depend less on the machine than
the numbers do. The censor has the given regime (by default `cn-gfw`) loaded with 50,000 more names.

    python bench/lab.py [--json] [--seconds 3] [--names 50000]
"""

import argparse
import dataclasses
import json
import os
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.machine.namespaces import CLONE_NEWNET, enter, open_current, unshare
from banwatch.lab.regime.match import DnsTrigger, HttpTrigger, Match, QuicTrigger, TlsTrigger
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime, regime_paths
from banwatch.lab.regime.rule import Rule

SITE = "151.101.1.164"
BULK_PORT, CONNECT_PORT, ECHO_PORT = 5_001, 5_002, 5_003
DELAY_MS = 5.0
CHUNK = bytes(256 * 1024)


def serve(world: object, *, ready: Callable[[], None], **_: object) -> None:
    """Answer on three ports: an endless stream, a byte for a byte and close, and a UDP echo."""
    selector = selectors.DefaultSelector()
    for port in (BULK_PORT, CONNECT_PORT):
        server = socket.create_server((SITE, port), backlog=4096)
        server.setblocking(False)
        selector.register(server, selectors.EVENT_READ, port)
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    echo.bind((SITE, ECHO_PORT))
    selector.register(echo, selectors.EVENT_READ, ECHO_PORT)
    ready()
    while True:
        for key, _events in selector.select():
            sock: Any = key.fileobj
            if key.data == ECHO_PORT:
                data, peer = sock.recvfrom(2_048)
                sock.sendto(data, peer)
            elif key.data == BULK_PORT:
                connection, _peer = sock.accept()
                threading.Thread(target=stream, args=(connection,), daemon=True).start()
            else:
                try:
                    while True:
                        connection, _peer = sock.accept()
                        connection.close()
                except BlockingIOError:
                    pass


def stream(connection: socket.socket) -> None:
    """Send until the other end closes."""
    connection.setblocking(True)
    try:
        while True:
            connection.sendall(CHUNK)
    except OSError:
        connection.close()


def measure_gbit_s(seconds: float) -> float:
    """Receive one TCP stream."""
    received = 0
    with socket.create_connection((SITE, BULK_PORT)) as connection:
        buffer = bytearray(1 << 20)
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            received += connection.recv_into(buffer)
        elapsed = time.perf_counter() - begun
    return received * 8 / elapsed / 1e9


def measure_conn_s(seconds: float) -> float:
    """Open connections one after the other, each closed by the server."""
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.connect((SITE, CONNECT_PORT))
            sock.recv(1)
        done += 1
    return done / (time.perf_counter() - begun)


def measure_rtt_ms(seconds: float) -> float:
    """Median of UDP echoes, one at a time."""
    samples = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1.0)
        sock.connect((SITE, ECHO_PORT))
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            sent = time.perf_counter()
            sock.send(b"x" * 32)
            try:
                sock.recv(64)
            except TimeoutError:
                continue
            samples.append((time.perf_counter() - sent) * 1e3)
    return statistics.median(samples)


def measure(seconds: float) -> dict[str, float]:
    """Measure all three in the caller's namespace."""
    limit = "/proc/sys/net/ipv4/ip_local_port_range"
    try:
        with open(limit, "w", encoding="ascii") as file:
            file.write("1024 65535")
    except OSError:
        pass  # fewer ports only shorten the connection test
    return {
        "gbit_s": measure_gbit_s(seconds),
        "conn_s": measure_conn_s(seconds),
        "rtt_ms": measure_rtt_ms(seconds),
    }


def measure_plain_veth(seconds: float) -> dict[str, float]:
    """Measure a veth pair between two namespaces, with the lab's MTU and no offloads."""
    from pyroute2 import IPRoute

    from banwatch.lab.machine.network import MTU, _switch_off_offloads

    unshare(CLONE_NEWNET)
    client = open_current("net")
    unshare(CLONE_NEWNET)
    world = open_current("net")
    with IPRoute() as ip:
        ip.link("add", ifname="v1", kind="veth", peer={"ifname": "v0", "net_ns_fd": client}, mtu=MTU)
    for namespace, name, own, other in (
        (client, "v0", "203.98.7.10", SITE),
        (world, "v1", SITE, "203.98.7.10"),
    ):
        enter(namespace, CLONE_NEWNET)
        with IPRoute() as ip:
            index = ip.link_lookup(ifname=name)[0]
            ip.link("set", index=ip.link_lookup(ifname="lo")[0], state="up")
            ip.link("set", index=index, mtu=MTU, state="up")
            _switch_off_offloads(name)
            ip.addr("add", index=index, address=own, prefixlen=32)
            ip.route("add", dst=f"{other}/32", oif=index)
    enter(world, CLONE_NEWNET)
    reader, writer = os.pipe()
    server = os.fork()
    if server == 0:
        try:
            serve(None, ready=lambda: os.write(writer, b"R") and None)
        finally:
            os._exit(0)
    os.read(reader, 1)
    enter(client, CLONE_NEWNET)
    try:
        return measure(seconds)
    finally:
        os.kill(server, 9)
        os.waitpid(server, 0)


def in_child(work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Run a function in a child process, since it changes its namespaces."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    os.waitpid(pid, 0)
    return dict(json.loads(text))


@dataclass(frozen=True)
class BenchWorld:
    """World of one address."""

    prefixes: Sequence[Any] = (ip_network(SITE),)
    helper_addresses: Sequence[Any] = ()
    ca_pem: str = ""


def with_names(regime: Regime, count: int) -> Regime:
    """Return the regime with `count` more names in every rule that has a list of names."""
    more = frozenset(f"name{n}.blocked{n % 977}.example" for n in range(count))

    def grown(rule: Rule) -> Rule:
        trigger = rule.match.trigger
        changed: Any = trigger
        if isinstance(trigger, DnsTrigger):
            names = dataclasses.replace(trigger.names, suffix=trigger.names.suffix | more)
            changed = dataclasses.replace(trigger, names=names)
        elif isinstance(trigger, (TlsTrigger, QuicTrigger)) and trigger.sni:
            names = dataclasses.replace(trigger.sni, suffix=trigger.sni.suffix | more)
            changed = dataclasses.replace(trigger, sni=names)
        elif isinstance(trigger, HttpTrigger) and trigger.host:
            names = dataclasses.replace(trigger.host, suffix=trigger.host.suffix | more)
            changed = dataclasses.replace(trigger, host=names)
        match: Match = dataclasses.replace(rule.match, trigger=changed)
        return dataclasses.replace(rule, match=match)

    return dataclasses.replace(regime, rules=tuple(grown(rule) for rule in regime.rules))


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each of the seven measurements")
    parser.add_argument("--names", type=int, default=50_000)
    parser.add_argument("--regime", default="cn-gfw" if "cn-gfw" in regime_paths() else "dprk-2016")
    options = parser.parse_args()
    regime = with_names(load_regime(options.regime), options.names)
    tier = next(name for name in regime.tiers if any(name in rule.tiers for rule in regime.rules))
    plain = in_child(lambda: measure_plain_veth(options.seconds))
    # Without the regime's own hops and delays, which would hide the censor's share.
    tiers = {name: dataclasses.replace(t, path=type(t.path)()) for name, t in regime.tiers.items()}
    regime = dataclasses.replace(regime, tiers=tiers)
    clock = LabClock(datetime(2016, 4, 4, tzinfo=UTC))
    with Lab(regime, tier, BenchWorld(), clock=clock, serve=serve) as lab:
        through = lab.call(measure, options.seconds)
    slow = {name: dataclasses.replace(t, path=type(t.path)(delay_ms=DELAY_MS)) for name, t in tiers.items()}
    with Lab(dataclasses.replace(regime, tiers=slow), tier, BenchWorld(), clock=clock, serve=serve) as lab:
        delayed_ms = lab.call(measure_rtt_ms, options.seconds)
    result = {
        "regime": options.regime,
        "names": options.names,
        "gbit_s": round(through["gbit_s"], 3),
        "gbit_ratio": round(through["gbit_s"] / plain["gbit_s"], 3),
        "conn_s": round(through["conn_s"]),
        "conn_ratio": round(through["conn_s"] / plain["conn_s"], 3),
        "added_rtt_ms": round(through["rtt_ms"] - plain["rtt_ms"], 3),
        "delay_error_ms": round((delayed_ms - through["rtt_ms"]) / 2 - DELAY_MS, 3),
    }
    if options.json:
        print(json.dumps(result))
        return
    print(f"regime {result['regime']} with {options.names:,} names more")
    print(f"throughput       {result['gbit_s']:>10} Gbit/s   {result['gbit_ratio']:.3f} of a plain veth pair")
    print(f"new connections  {result['conn_s']:>10} /s       {result['conn_ratio']:.3f} of a plain veth pair")
    print(f"added round trip {result['added_rtt_ms']:>10} ms")
    print(f"a delay of {DELAY_MS:g} ms is wrong by {result['delay_error_ms']} ms, one way")


if __name__ == "__main__":
    main()
