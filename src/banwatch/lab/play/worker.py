"""Worker of a play: reads parts as lines of JSON from standard input, reports on standard output."""

import sys
import traceback
from pathlib import Path

import msgspec

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.machine.processes.worker_process import prepare_worker, write_line
from banwatch.lab.machine.world_server.server import serve_world
from banwatch.lab.play.part import Part, Report
from banwatch.lab.play.rounds import Vantage, run_rounds
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.world import load_world
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn


def main() -> None:
    """Play every part of the input, until it ends or a part fails."""
    prepare_worker()
    for line in sys.stdin.buffer:
        part = msgspec.json.decode(line, type=Part)
        try:
            play_part(part)
        except BanwatchError as error:
            _report(Report(what=error.what, do=error.do))
            sys.exit(1)
        except OSError as error:
            what = f"playing {part.name} failed: {error.strerror or error} ({error.filename or 'no file'})"
            _report(
                Report(what=what, do=f"Check free space and permissions of {Path(part.truth_path).parent}")
            )
            sys.exit(1)
        except Exception as error:
            traceback.print_exc()  # a defect of the lab: its report needs the whole traceback
            _report(Report(what=f"playing {part.name} failed: {error!r}"))
            sys.exit(1)
        _report(Report(finished=part.name))


def play_part(part: Part) -> int:
    """Play one part in a lab of its own; returns how many measurements it wrote."""
    regime = load_regime(part.regime)
    world = load_world(part.world)
    vantage = Vantage(
        regime=regime,
        tier=regime.tiers[part.tier],
        world=world,
        resolver_asn=Asn(part.resolver_asn),
        resolver_network_name=part.resolver_network_name,
        timeouts=part.timeouts.for_probe(),
        lossy=part.lossy,
        thorough=part.thorough,
        twin_url=part.twin_url,
    )
    clock = LabClock(part.rounds[0])
    truth_path = Path(part.truth_path)
    with Lab(
        regime, part.tier, world, clock=clock, truth_path=truth_path, seed=part.seed, serve=serve_world
    ) as lab:
        return lab.call(
            run_rounds,
            vantage,
            part.rounds,
            part.first_round,
            part.inputs,
            clock=clock,
            seed=part.seed,
            path=Path(part.measurements_path),
            measured=lambda count: _report(Report(measured=count)),
        )


def _report(report: Report) -> None:
    write_line(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
