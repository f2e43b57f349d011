"""Run of a nettest in a network in memory, with the judge's state."""

import asyncio
import json
from pathlib import Path
from typing import Any

from banwatch.judge import judge_line
from banwatch.model.state import State
from banwatch.net.memory import MemoryNet
from banwatch.probe.session import Session
from tests.judge.judging import shipped_reference
from tests.probe.scenes import settings

Found = tuple[dict[str, Any], State]


def run(net: MemoryNet, name: str, folder: Path, *inputs: str, **changes: Any) -> list[Found]:
    """Measure; each measurement, and what the judge says of it."""

    async def collect() -> list[bytes]:
        session = Session(net, settings(folder, **changes))
        return [line async for line in session.run_nettest(name, inputs)]

    lines = asyncio.run(asyncio.wait_for(collect(), 20))
    return [(json.loads(line), judge_line(line, shipped_reference()).verdict.state) for line in lines]
