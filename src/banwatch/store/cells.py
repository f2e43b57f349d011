"""Cells: verdicts counted by an Ibis expression, equal to `detect.fold` in plain Python."""

from collections import Counter

import ibis
import pyarrow as pa

from banwatch.model.cell import Cell
from banwatch.model.receipt import OPEN_CLASSES
from banwatch.model.state import STRENGTH, Layer, State
from banwatch.store.columns import Layout

KEY = ("target", "probe_cc", "probe_asn", "access_tier", "resolver_kind", "source_class", "hour")
_SEPARATOR = "\x1f"
ARRIVED = r"^[0-9]{14}\.[0-9]{6}_"
"""Prefix of an id that holds the time at which a collector received the measurement."""
LONGEST_LAG_S = 400 * 86400
"""Longest plausible lag, as in `detect.thresholds`: beyond it, a clock was wrong."""
CLOCK_AHEAD_S = 900
"""Longest time after its receipt that a measurement may name, as in `detect.thresholds`."""
_DAYS_TO_1970 = 719_468
"""Days from the first of March of the year 0 to 1970."""
_ACCUSING = [s.value for s in State if s.accuses]
_LISTS = ("mechanisms", "accusers", "absolvers")


def _with_voice(verdicts: ibis.Table) -> ibis.Table:
    """Add the voice: the probe, else the report, else the measurement; a crowded report is one voice."""
    named = verdicts.filter((verdicts.report_id != "") & (verdicts.probe_id != ""))
    probes = named.group_by(["report_id", "source_class"]).agg(
        lowest=named.probe_id.min(), highest=named.probe_id.max()
    )
    crowded = probes.filter(probes.lowest != probes.highest).select(
        crowded_report=probes.report_id, crowded_class=probes.source_class
    )
    joined = verdicts.left_join(
        crowded,
        [verdicts.report_id == crowded.crowded_report, verdicts.source_class == crowded.crowded_class],
    )
    # ClickHouse fills a missing right side with "" where the column is not nullable: ask for both.
    alone = joined.crowded_report.isnull() | (joined.crowded_report == "")
    voice = ibis.cases(
        (joined.receipt_voice != "", joined.receipt_voice),
        ((joined.probe_id != "") & alone, joined.probe_id),
        (joined.report_id != "", joined.report_id),
        else_=joined.measurement_uid,
    )
    is_open = joined.source_class.isin([c.value for c in OPEN_CLASSES])
    voice = ibis.ifelse(is_open, joined.source_class + ":" + voice, voice)
    return joined.mutate(voice=voice).drop("crowded_report", "crowded_class")


def is_from_future(verdicts: ibis.Table) -> ibis.Value:
    """Tell which measurements say that they were made after they were received: a proof of a wrong clock."""
    has_receipt = verdicts.received_at.notnull()
    received_s = verdicts.received_at.fill_null(verdicts.measurement_start_time).epoch_seconds()
    ahead_s = verdicts.measurement_start_time.epoch_seconds() - received_s
    return has_receipt & (ahead_s > 3600 + CLOCK_AHEAD_S)


def cell_table(verdicts: ibis.Table) -> ibis.Table:
    """Count verdicts into cells.

    Args:
        verdicts: rows of the verdict table, filtered or not.

    Returns:
        Shape: one row a target, network, tier, resolver kind and hour, in no order. `mechanisms` holds the
        distinct lists of the hour, each joined, and `rules` the rule that decided each verdict; `read_cells`
        splits them.
    """
    v = _with_voice(verdicts.filter(~is_from_future(verdicts)))
    v = v.mutate(
        hour=v.measurement_start_time.truncate("h"),
        rank=ibis.cases(*((v.state == s.value, i) for i, s in enumerate(STRENGTH)), else_=len(STRENGTH)),
        joined_mechanisms=v.mechanisms.join(_SEPARATOR),
        # a list of one or none, joined: ClickHouse gives "" and DuckDB null for the first of no rules
        decided=v.rules[:1].join(_SEPARATOR),
        lag=_lag_s(v),
    )
    histogram = {s.value: (v.state == s.value).cast("int64").sum() for s in State}
    return v.group_by(list(KEY)).agg(
        **histogram,
        # counted as lists: ClickHouse's own count of distinct values is an estimate
        probes=v.voice.collect(distinct=True).length(),
        reports=v.report_id.collect(distinct=True).length(),
        mechanisms=v.joined_mechanisms.collect(distinct=True, where=v.mechanisms.length() > 0),
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
        rules=v.decided.collect(where=v.rules.length() > 0),
        lag_s=v.lag.max(),
    )


def _lag_s(v: ibis.Table) -> ibis.Value:
    """Return seconds from a measurement's start to its arrival, by its id; null where that holds no time.

    `detect.votes.cells.lag_s_of` computes the same. The days are counted by hand: engines differ in how they
    read text that is no date.
    """
    uid = v.measurement_uid
    has_time = uid.re_search(ARRIVED)

    def part(start: int, length: int) -> ibis.Value:
        return ibis.ifelse(has_time, uid.substr(start, length), "0").cast("int64")

    year, month, day = part(0, 4), part(4, 2), part(6, 2)
    hour, minute, second = part(8, 2), part(10, 2), part(12, 2)
    is_leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    long = ibis.ifelse(month.isin([4, 6, 9, 11]), 30, ibis.ifelse(month == 2, 28 + is_leap.cast("int64"), 31))
    sound = has_time & month.between(1, 12) & (day >= 1) & (day <= long)
    sound &= (hour < 24) & (minute < 60) & (second < 60)
    # years that begin in March: the leap day comes last
    since_march = (month + 9) % 12
    of_march = year - (month <= 2).cast("int64")
    days = 365 * of_march + of_march // 4 - of_march // 100 + of_march // 400
    days = days + (153 * since_march + 2) // 5 + day - 1 - _DAYS_TO_1970
    arrived = ((days * 24 + hour) * 60 + minute) * 60 + second
    lag = arrived - v.measurement_start_time.epoch_seconds()
    # received in an hour, of which it came by the end
    received = v.received_at.epoch_seconds() + 3600 - v.measurement_start_time.epoch_seconds()
    has_receipt = v.received_at.notnull()
    lag = ibis.ifelse(has_receipt & (~sound | (received < 0)), received, lag)
    in_range = (sound | has_receipt) & (lag >= -LONGEST_LAG_S) & (lag <= LONGEST_LAG_S)
    return ibis.ifelse(in_range, lag, ibis.null("int64"))


def read_cells(table: pa.Table) -> list[Cell]:
    """Convert the rows of `cell_table` to cells, in the order of their key."""
    for name in _LISTS:
        lists = [
            sorted({word for joined in value or () for word in joined.split(_SEPARATOR)})
            for value in table.column(name).to_pylist()
        ]
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(lists, pa.list_(pa.string())))
    decided = [sorted(Counter(rules or ()).items()) for rules in table.column("rules").to_pylist()]
    at = table.schema.get_field_index("rules")
    rules = [[rule for rule, _ in found] for found in decided]
    counts = [[count for _, count in found] for found in decided]
    table = table.set_column(at, "rules", pa.array(rules, pa.list_(pa.string())))
    table = table.append_column("rule_counts", pa.array(counts, pa.list_(pa.int64())))
    cells = Layout(Cell).from_arrow(table)
    return sorted(
        cells,
        key=lambda c: (
            *(c.target, c.probe_cc, c.probe_asn, c.access_tier),
            *(c.resolver_kind, c.source_class, c.hour),
        ),
    )
