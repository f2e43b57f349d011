"""Benchmark of the probe: a thousand sites in a lab, of which two hundred are interfered with.

Half of those two hundred time out. Beside it, in the same run and lab, a bare asyncio program that only
resolves, connects, shakes hands and gets each page: the ratio of the two times is what all the rest costs.

    python bench/probe.py [--json] [--sites 1000] [--regime open|cn-gfw]
"""

import argparse
import asyncio
import dataclasses
import json
import random
import resource
import ssl
import tempfile
import time
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.regime.regime_file import load_regime, regime_paths
from banwatch.lab.world import load_world
from banwatch.lab.world.world import Site, World
from banwatch.model.ids import Asn, CountryCode
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts

AT = datetime(2016, 4, 5, tzinfo=UTC)
CROWD = ip_network("104.17.0.0/22")
INTERFERED = 0.2
TIMEOUTS = Timeouts(dns_s=1, dns_late_s=0.3, tcp_s=1, tls_s=1, http_s=2, control_s=10)
PARALLEL = 64


def name_of(number: int) -> str:
    """Each site is a registrable domain of its own: the probe never has two of one at a time."""
    return f"site-{number:04}-bench.net"


def make_world(count: int) -> World:
    """The default world with so many more sites."""
    world = load_world()
    crowd = tuple(
        Site(
            hostname=name_of(n),
            addresses=(CROWD[n % CROWD.num_addresses],),
            title=f"Site {n}",
            owner="Cloudflare",
        )
        for n in range(count)
    )
    kept = tuple(site for site in world.sites if not any(address in CROWD for address in site.addresses))
    return dataclasses.replace(world, sites=kept + crowd)


def regime_text(kind: str, count: int) -> str:
    """The regime as shipped; in `cn-gfw` a fifth of the sites joins its lists, half of those time out."""
    content = yaml.safe_load(regime_paths()[kind].read_text("utf-8"))
    if kind == "cn-gfw":
        blocked = [name_of(n) for n in range(0, count, int(1 / INTERFERED))]
        content["lists"]["tcp"] += blocked[1::4]
        content["lists"]["dns"] += blocked[3::4]
        silence = {"id": "bench-silence", "match": {"tls": {"sni": blocked[::2]}}, "action": "drop"}
        content["rules"].insert(0, {**silence, "mechanism": "tls.timeout.sni"})
    return yaml.safe_dump(content, allow_unicode=True)


def cpu_s() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_probe(inputs: list[str], world: World) -> dict[str, float]:
    """Measure everything with the probe; runs inside the client's namespace."""
    settings = Settings(
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        helper_url=world.helper_url,
        ca_file=world.ca_file,
        timeouts=TIMEOUTS,
        now=lambda: AT,
        rng=random.Random(1),
        parallelism=PARALLEL,
    )
    size = 0
    states: dict[str, int] = {}

    async def measure() -> None:
        nonlocal size
        async for line in Session(RealNet(), settings).run(inputs):
            size += len(line)
            failed = json.loads(line)["test_keys"]["http_experiment_failure"] or "ok"
            states[failed] = states.get(failed, 0) + 1

    begun, cpu = time.perf_counter(), cpu_s()
    asyncio.run(measure())
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_s": cpu_s() - cpu,
        "bytes": float(size),
        "trouble": float(sum(states.values()) - states.get("ok", 0)),
    }


def run_bare(inputs: list[str]) -> dict[str, float]:
    """Resolve, connect, shake hands, get: nothing else, with the same parallelism and time-outs."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def get(url: str) -> None:
        host = url.split("/")[2]
        try:
            found = await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo(host, 443), TIMEOUTS.dns_s)
            opening = asyncio.open_connection(found[0][4][0], 443, ssl=context, server_hostname=host)
            reader, writer = await asyncio.wait_for(opening, TIMEOUTS.tls_s)
        except (OSError, TimeoutError):
            return
        try:
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            await asyncio.wait_for(reader.read(1 << 19), TIMEOUTS.http_s)
        except (OSError, TimeoutError):
            return
        finally:
            writer.close()

    async def all_of_them() -> None:
        queue = iter(inputs)

        async def work() -> None:
            for url in queue:
                await get(url)

        await asyncio.gather(*(work() for _ in range(PARALLEL)))

    begun = time.perf_counter()
    asyncio.run(all_of_them())
    return {"seconds": time.perf_counter() - begun}


def bench(count: int, kind: str) -> dict[str, Any]:
    """Build the lab, run both, and work out the figures."""
    world = make_world(count)
    inputs = [f"https://{name_of(n)}/" for n in range(count)]
    with tempfile.TemporaryDirectory(prefix="banwatch-bench-") as folder:
        path = Path(folder, f"{kind}.yaml")
        path.write_text(regime_text(kind, count), "utf-8")
        regime = load_regime(path)
        with Lab(regime, next(iter(regime.tiers)), world, clock=LabClock(AT)) as lab:
            bare = lab.call(run_bare, inputs)
            probe = lab.call(run_probe, inputs, world)
    return {
        "sites": count,
        "regime": kind,
        "seconds": round(probe["seconds"], 2),
        "sites_per_s": round(count / probe["seconds"], 1),
        "cpu_ms_per_site": round(probe["cpu_s"] / count * 1000, 2),
        "bytes_per_site": round(probe["bytes"] / count),
        "bare_seconds": round(bare["seconds"], 2),
        "bare_ratio": round(probe["seconds"] / bare["seconds"], 2),
        "with_trouble": int(probe["trouble"]),
    }


def main() -> None:
    """Print the figures, as a table or as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--regime", choices=["open", "cn-gfw"], action="append")
    options = parser.parse_args()
    for kind in options.regime or ["open", "cn-gfw"]:
        figures = bench(options.sites, kind)
        print(
            json.dumps(figures) if options.json else "  ".join(f"{k} {v}" for k, v in figures.items()),
            flush=True,
        )


if __name__ == "__main__":
    main()
