"""Cells and daily cells: verdicts counted by an Ibis expression; cells equal `detect.fold` in plain Python.

Both count the same *heard* rows: verdicts that count, with their voice and the times that they fall into.
These are written to a temporary table first, as an engine takes longer to plan one long query than to carry
out two short ones.
"""

import ibis

from banwatch.model.cell import MOST_INPUTS
from banwatch.model.receipt import SourceClass
from banwatch.model.state import State
from banwatch.store.prepared import distinct_words
from banwatch.store.rollups import voices
from banwatch.store.rollups.keys import CELL_KEY, DAILY_KEY
from banwatch.store.tables import TABLES

_ACCUSING = [s.value for s in State if s.accuses]
_HEARD = (
    *("target", "probe_cc", "probe_asn", "access_tier", "resolver_kind", "source_class", "report_id"),
    *("measurement_uid", "measurement_start_time", "state", "mechanisms"),
)
"""Columns of verdicts that are counted as they are."""
_OF_VERDICT = (
    *(*_HEARD, "probe_id", "receipt_voice", "received_at", "layer", "rules"),
    *("input", "test_name", "addresses"),
)


def heard_rows(verdicts: ibis.Table, reports: ibis.Table | None = None) -> ibis.Table:
    """Return the verdicts that count, with voice, rank, lag, hour and day.

    Args:
        verdicts: rows of the verdict table, filtered or not.
        reports: rows of `report_probes`; those of these verdicts alone where None.
    """
    reports = voices.report_probes(verdicts) if reports is None else reports
    verdicts = verdicts.filter(~voices.is_from_future(verdicts)).select(*_OF_VERDICT)
    # before the join: Ibis writes an expression as often as it is used, but none again across a join
    arrival = voices.arrival(verdicts)
    verdicts = verdicts.mutate(arrival=arrival, arrived_at=arrival.try_cast("timestamp(6)"))
    v = voices.with_voice(verdicts, reports)
    start = v.measurement_start_time
    return v.select(
        *_HEARD,
        "voice",
        decided=v.rules[:1],
        named_input=voices.measured_input(v),
        accused_addresses=ibis.ifelse(v.state.isin(_ACCUSING), v.addresses, voices.NONE),
        silent=voices.is_silent(v).cast("int64"),
        rank=voices.rank_of(v),
        lag=voices.lag_s(v),
        hour=start.truncate("h"),
        day=start.truncate("D"),
    )


def heard_table() -> ibis.Table:
    """Return the temporary table of heard rows, as an expression."""
    text = dict.fromkeys((*_HEARD, "voice"), "!string")
    other = {
        "probe_asn": "!int64",
        "measurement_start_time": "timestamp(6)",
        "mechanisms": "array<!string>",
        "decided": "array<!string>",
        "named_input": "!string",
        "accused_addresses": "array<!string>",
        "silent": "!int64",
        "rank": "!int64",
        "lag": "int64",
        "hour": "timestamp(6)",
        "day": "timestamp(6)",
    }
    return ibis.table({**text, **other}, name="heard")


def cell_table(verdicts: ibis.Table) -> ibis.Table:
    """Count verdicts into cells in one query, for a store that keeps none."""
    return count_cells(heard_rows(verdicts))


def count_cells(v: ibis.Table) -> ibis.Table:
    """Count heard rows into cells.

    Returns:
        Shape: one row a target, network, tier, resolver kind, source class and hour, with the columns of
        `model.cell.Cell`, in no order.
    """
    key = list(CELL_KEY)
    accuses, works = v.state.isin(_ACCUSING), v.state == State.OK.value
    v = v.mutate(pair=v.voice + voices.PAIR + v.named_input)
    rows = v.group_by(key).agg(
        **voices.histogram(v),
        # counted as lists: ClickHouse's own count of distinct values is an estimate
        probes=voices.distinct(v.voice).length(),
        reports=voices.distinct(v.report_id).length(),
        first_at=v.measurement_start_time.min(),
        last_at=v.measurement_start_time.max(),
        witness=voices.witness_of(v),
        accusers=voices.distinct_list(v.voice, accuses),
        accused=voices.distinct(v.pair, accuses),
        opened=voices.distinct(v.pair, works),
        accused_inputs=voices.distinct_list(v.named_input, accuses & (v.named_input != ""))[:MOST_INPUTS],
        open_inputs=voices.distinct_list(v.named_input, works & (v.named_input != ""))[:MOST_INPUTS],
        addresses=_distinct(v.accused_addresses)[:MOST_INPUTS],
        lag_s=v.lag.max(),
        mechanisms=_distinct(v.mechanisms),
        decided=v.decided.collect().flatten(),
        rules=_distinct(v.decided),
    )
    rows = rows.mutate(
        rule_counts=voices.count_words(rows.rules, rows.decided),
        absolvers=voices.absolvers_of(rows.accusers, rows.accused, rows.opened),
    )
    return rows.select(*TABLES["cell"].layout.column_names)


def count_days(v: ibis.Table) -> ibis.Table:
    """Count heard rows into daily cells.

    Returns:
        Shape: one row a target, network, tier and day, with the columns of `model.rollup.DailyCell`.
    """
    key = list(DAILY_KEY)
    accuses = v.state.isin(_ACCUSING)
    works = v.state == State.OK.value
    rows = v.group_by(key).agg(
        **voices.histogram(v),
        anonymous=(v.source_class == SourceClass.ANONYMOUS.value).cast("int64").sum(),
        voices=voices.distinct(v.voice).length(),
        accusers=voices.distinct(v.voice, accuses).length(),
        absolvers=voices.distinct(v.voice, works).length(),
        first_at=v.measurement_start_time.min(),
        last_at=v.measurement_start_time.max(),
        witness=voices.witness_of(v),
        named=v.mechanisms.collect().flatten(),
        mechanisms=_distinct(v.mechanisms),
    )
    rows = rows.mutate(mechanism_counts=voices.count_words(rows.mechanisms, rows.named))
    return rows.select(*TABLES["daily_cell"].layout.column_names)


def _distinct(lists: ibis.Value) -> ibis.Value:
    """Return the distinct words of all lists of a group, sorted."""
    return distinct_words(lists.collect().flatten()).sort()
