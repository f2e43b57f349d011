"""Plan an observatory of any size from the rates that `bench/engine.py --json` measured.

    python bench/engine.py --json > figures.json
    python bench/scale.py figures.json [--measurements N] [--raw-bytes N] [--days N]

Prints the tables of docs/scale.md. Every line follows from the measured figures and the assumptions on top.
Of the two measured corpora, the estimate uses the one in which nothing repeats, which is slower and larger.
"""

import argparse
import json
from pathlib import Path

CORE_HOUR_EUR = 0.04
"""Assumed price of one core for one hour, with 4 GB of memory; an argument."""
TB_MONTH_EUR = 20.0
"""Assumed price of one terabyte kept for one month on an object store; an argument."""
SSD_TB_MONTH_EUR = 80.0
"""Assumed price of one terabyte of fast disk for one month; an argument."""
REPLICAS = 2
"""Copies of the tables on a cluster."""
SHARD_TB = 4.0
"""Tables kept on one server of the cluster, at most."""
ONE_FILE_TB = 0.5
"""Tables up to this size are kept in one DuckDB file."""
TB = 1e12


def estimate(
    figures: dict[str, float], measurements: float, raw_bytes: float, days: float, prices: dict[str, float]
) -> list[tuple[str, str]]:
    """Compute what an archive of this size needs.

    Work and archive grow with how much larger its measurements are than those of the benchmark.
    """
    larger = (raw_bytes / measurements) / figures["bytes_per_measurement"]
    per_core = figures["ingest_1core_varied_per_s"] / larger
    core_hours = measurements / per_core / 3600
    archive_tb = measurements * figures["archive_bytes_per_measurement"] * larger / TB
    tables_tb = measurements * figures["store_bytes_per_measurement_varied"] / TB
    rejudge_hours = measurements / figures["rejudge_varied_per_s"] / 3600
    shards = -(-tables_tb // SHARD_TB)
    servers = f"{shards:,.0f} shards of {SHARD_TB:g} TB, {REPLICAS} replicas each"
    return [
        ("measurements", f"{measurements:,.0f}"),
        ("raw JSON", f"{raw_bytes / TB:,.1f} TB, {raw_bytes / measurements / 1000:,.1f} kB each"),
        ("archive (zstd segments)", f"{archive_tb:,.2f} TB"),
        ("tables, one copy", f"{tables_tb:,.2f} TB"),
        ("where the tables are", servers if tables_tb > ONE_FILE_TB else "one DuckDB file"),
        ("ingest, one core", f"{per_core:,.0f} measurements a second"),
        ("ingest, all of it", f"{core_hours:,.0f} core hours"),
        ("to be done in", f"{days:g} days"),
        ("workers for that", f"{max(1, -(-core_hours // (days * 24))):,.0f} cores"),
        ("memory of a worker", f"{figures['peak_mb']:,.0f} MB at most"),
        ("judge again, all of it", f"{rejudge_hours:,.0f} core hours"),
        ("cost of the ingest, once", f"{core_hours * prices['core']:,.0f} EUR"),
        ("cost of judging again, each time", f"{rejudge_hours * prices['core']:,.0f} EUR"),
        ("cost of the archive, a month", f"{archive_tb * prices['tb']:,.0f} EUR"),
        ("cost of the tables, a month", f"{tables_tb * prices['ssd'] * REPLICAS:,.0f} EUR"),
    ]


def main() -> None:
    """Read the figures and print the plans."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("figures", type=Path, help="output of bench/engine.py --json")
    parser.add_argument("--measurements", type=float, default=2e9)
    parser.add_argument("--raw-bytes", type=float, default=100e12)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--core-hour-eur", type=float, default=CORE_HOUR_EUR)
    parser.add_argument("--tb-month-eur", type=float, default=TB_MONTH_EUR)
    parser.add_argument("--ssd-tb-month-eur", type=float, default=SSD_TB_MONTH_EUR)
    given = parser.parse_args()
    figures = json.loads(given.figures.read_text())
    prices = {"core": given.core_hour_eur, "tb": given.tb_month_eur, "ssd": given.ssd_tb_month_eur}
    print(
        f"Measured, at {figures['bytes_per_measurement']:,.0f} bytes a measurement:\n\n"
        "| | much repeats | nothing repeats |\n|---|---|---|\n"
        f"| ingest, one core | {figures['ingest_1core_per_s']:,.0f}/s "
        f"| {figures['ingest_1core_varied_per_s']:,.0f}/s |\n"
        f"| judging again | {figures['rejudge_per_s']:,.0f}/s | {figures['rejudge_varied_per_s']:,.0f}/s |\n"
        f"| tables, a measurement | {figures['store_bytes_per_measurement']:,.0f} bytes "
        f"| {figures['store_bytes_per_measurement_varied']:,.0f} bytes |\n\n"
        f"The archive takes {figures['archive_bytes_per_measurement']:,.0f} bytes a measurement. The plan "
        f"takes the right column.\n\n"
        f"Assumed: a core hour {prices['core']:g} EUR; a terabyte a month {prices['tb']:g} EUR on an object "
        f"store, {prices['ssd']:g} EUR on fast disk.\n"
    )
    whole = estimate(figures, given.measurements, given.raw_bytes, given.days, prices)
    box = estimate(figures, 1e8, 1e8 * given.raw_bytes / given.measurements, 30, prices)
    print("| | one box | OONI's whole archive |\n|---|---|---|")
    for (name, one), (_, all_of_it) in zip(box, whole, strict=True):
        print(f"| {name} | {one} | {all_of_it} |")


if __name__ == "__main__":
    main()
