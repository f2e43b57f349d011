"""Verdicts counted into cells: a view over verdicts, in Ibis. `detect.fold` says the same in plain Python."""

import ibis
import pyarrow as pa

from banwatch.model.cell import Cell
from banwatch.model.state import STRENGTH, Layer, State
from banwatch.store.columns import Layout

KEY = ("target", "probe_cc", "probe_asn", "access_tier", "hour")
_SEPARATOR = "\x1f"
_ACCUSING = [s.value for s in State if s.accuses]
_LISTS = ("mechanisms", "accusers", "absolvers")


def _with_voice(verdicts: ibis.Table) -> ibis.Table:
    """Add who speaks: the probe, else the report, else the measurement; a crowded report is one voice."""
    named = verdicts.filter((verdicts.report_id != "") & (verdicts.probe_id != ""))
    probes = named.group_by("report_id").agg(lowest=named.probe_id.min(), highest=named.probe_id.max())
    crowded = probes.filter(probes.lowest != probes.highest).select(crowded_report=probes.report_id)
    joined = verdicts.left_join(crowded, verdicts.report_id == crowded.crowded_report)
    # ClickHouse fills a missing right side with "" where the column is not nullable: ask for both.
    alone = joined.crowded_report.isnull() | (joined.crowded_report == "")
    voice = ibis.cases(
        ((joined.probe_id != "") & alone, joined.probe_id),
        (joined.report_id != "", joined.report_id),
        else_=joined.measurement_uid,
    )
    return joined.mutate(voice=voice).drop("crowded_report")


def cell_table(verdicts: ibis.Table) -> ibis.Table:
    """Count verdicts into cells.

    Args:
        verdicts: rows of the verdict table, filtered or not.

    Returns:
        Shape: one row a target, network, tier and hour, in no order. `mechanisms` holds the distinct lists of
        the hour, each joined; `read_cells` takes them apart.
    """
    v = _with_voice(verdicts)
    v = v.mutate(
        hour=v.measurement_start_time.truncate("h"),
        rank=ibis.cases(*((v.state == s.value, i) for i, s in enumerate(STRENGTH)), else_=len(STRENGTH)),
        said=v.mechanisms.join(_SEPARATOR),
    )
    histogram = {s.value: (v.state == s.value).cast("int64").sum() for s in State}
    return v.group_by(list(KEY)).agg(
        **histogram,
        # counted as lists: ClickHouse's own count of distinct values is an estimate
        probes=v.voice.collect(distinct=True).length(),
        reports=v.report_id.collect(distinct=True).length(),
        mechanisms=v.said.collect(distinct=True, where=v.mechanisms.length() > 0),
        silent=((v.state == State.INSUFFICIENT.value) & (v.layer.fill_null("") == Layer.NETWORK.value))
        .cast("int64")
        .sum(),
        first_at=v.measurement_start_time.min(),
        last_at=v.measurement_start_time.max(),
        witness=v.measurement_uid.argmin(
            ibis.struct({"rank": v["rank"], "at": v.measurement_start_time, "uid": v.measurement_uid})
        ),
        accusers=v.voice.collect(distinct=True, where=v.state.isin(_ACCUSING)),
        absolvers=v.voice.collect(distinct=True, where=v.state == State.OK.value),
    )


def read_cells(table: pa.Table) -> list[Cell]:
    """Make cells of the rows of `cell_table`, in the order of their key."""
    for name in _LISTS:
        lists = [
            sorted({word for joined in value or () for word in joined.split(_SEPARATOR)})
            for value in table.column(name).to_pylist()
        ]
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(lists, pa.list_(pa.string())))
    cells = Layout(Cell).from_arrow(table)
    return sorted(cells, key=lambda c: (c.target, c.probe_cc, c.probe_asn, c.access_tier, c.hour))
