"""Processes that work on line batches."""

import subprocess
import sys

from tests.judge.nettest_lines import line

_WORK = """
import sys
from banwatch import reference
from banwatch.pipeline.__main__ import WithoutPandas
from banwatch.pipeline.line_batch import LineBatch
from banwatch.pipeline.worker import Worker
sys.meta_path.insert(0, WithoutPandas)
line = sys.stdin.buffer.read()
result = Worker(reference.load()).work(LineBatch("test", (1,), (line,)))
assert result.batch.size == 1 and not result.unreadable, result
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_worker_loads_no_engine_from_its_first_import_to_its_last_row() -> None:
    """Ibis, DuckDB and pandas take a second to import, in each worker."""
    run = subprocess.run(
        [sys.executable, "-c", _WORK], input=line("web_connectivity", {}), capture_output=True, timeout=60
    )
    assert run.returncode == 0, run.stderr.decode()
    loaded = set(run.stdout.decode().split())
    assert "banwatch" in loaded
    assert not loaded & {
        "duckdb",
        "ibis",
        "sqlglot",
        "pandas",
        "clickhouse_connect",
        "chdb",
        "fastapi",
        "asyncio",
    }
