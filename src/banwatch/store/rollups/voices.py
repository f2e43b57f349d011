"""Voices and times of verdicts, as columns that all rollups count."""

import ibis

from banwatch.model.cell import WEB_NETTESTS
from banwatch.model.receipt import OPEN_CLASSES
from banwatch.model.state import STRENGTH, Layer, State
from banwatch.store.prepared import distinct_words

ARRIVED = r"^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})\.[0-9]{6}_.*$"
"""Id that begins with the time at which a collector received the measurement."""
_TIME_CHARACTERS = len("2016-04-01 23:59:59")
LONGEST_LAG_S = 400 * 86400
"""Longest plausible lag, as in `detect.thresholds`: beyond it, a clock was wrong."""
CLOCK_AHEAD_S = 900
"""Longest time after its receipt that a measurement may name, as in `detect.thresholds`."""


PAIR = "\x1e"
"""Separator of a voice and an input."""
NONE = ibis.literal([], type="array<string>")


def report_probes(verdicts: ibis.Table) -> ibis.Table:
    """Return the first and last probe that each report of a class names; see `model.rollup.ReportProbes`."""
    named = verdicts.filter((verdicts.report_id != "") & (verdicts.probe_id != ""))
    return named.group_by(["source_class", "report_id"]).agg(
        lowest=named.probe_id.min(), highest=named.probe_id.max()
    )


def with_voice(verdicts: ibis.Table, reports: ibis.Table) -> ibis.Table:
    """Add the voice: the probe, else the report, else the measurement; a crowded report is one voice.

    Args:
        verdicts: rows of the verdict table.
        reports: rows of `report_probes`, for these verdicts or more.
    """
    crowded = reports.filter(reports.lowest != reports.highest).select(
        crowded_report=reports.report_id, crowded_class=reports.source_class
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


def rank_of(verdicts: ibis.Table) -> ibis.Value:
    """Return the rank of each verdict's state, the strongest first."""
    cases = ((verdicts.state == s.value, i) for i, s in enumerate(STRENGTH))
    return ibis.cases(*cases, else_=len(STRENGTH))


def histogram(verdicts: ibis.Table) -> dict[str, ibis.Value]:
    """Return the counts of verdicts by state, and of silent ones among them."""
    counts = {s.value: (verdicts.state == s.value).cast("int64").sum() for s in State}
    return {**counts, "silent": verdicts.silent.sum()}


def is_silent(verdicts: ibis.Table) -> ibis.Value:
    """Tell which verdicts are on measurements in which nothing at all answered."""
    nothing = verdicts.layer.fill_null("") == Layer.NETWORK.value
    return (verdicts.state == State.INSUFFICIENT.value) & nothing


def witness_of(verdicts: ibis.Table) -> ibis.Value:
    """Return the measurement of the strongest verdict: first by rank, then by time, then by id."""
    order = {
        "rank": verdicts["rank"],
        "at": verdicts.measurement_start_time,
        "uid": verdicts.measurement_uid,
    }
    return ibis.struct(order).min()["uid"]


def distinct_list(values: ibis.Value, where: ibis.Value | None = None) -> ibis.Value:
    """Return the distinct values of a group, sorted; an empty list where there are none."""
    return distinct(values, where).sort()


def distinct(values: ibis.Value, where: ibis.Value | None = None) -> ibis.Value:
    """Return the distinct values of a group, in no order; an empty list where there are none.

    The list is made distinct after it was collected: DuckDB groups all rows once more for each aggregate of
    distinct values, which took two thirds of the time of a commit's rollups.
    """
    return distinct_words(or_empty(values.collect(where=where)))


def or_empty(values: ibis.Value) -> ibis.Value:
    """Return a list of texts, empty where an engine gives null for a list of nothing."""
    return ibis.coalesce(values, NONE)


def measured_input(v: ibis.Table) -> ibis.Value:
    """Return the input, after the name of its nettest unless that measures web pages, as in `model.cell`."""
    return ibis.cases(
        (v.test_name.isin(list(WEB_NETTESTS)), v.input),
        (v.input == "", v.test_name),
        else_=v.test_name + " " + v.input,
    )


def absolvers_of(accusers: ibis.Value, accused: ibis.Value, opened: ibis.Value) -> ibis.Value:
    """Return the voices that absolve, as `model.cell.split_voices` does, sorted.

    Args:
        accusers: voices that accuse.
        accused: pairs of a voice and an input that showed interference.
        opened: pairs of a voice and an input that worked.
    """
    counted = opened.filter(lambda pair: accused.contains(pair) | ~accusers.contains(pair.split(PAIR)[0]))
    return distinct_words(counted.map(lambda pair: pair.split(PAIR)[0])).sort()


def count_words(words: ibis.Value, of: ibis.Value) -> ibis.Value:
    """Return how often each word of a list stands in another list."""
    return words.map(lambda word: of.filter(lambda other: other == word).length())


def arrival(verdicts: ibis.Table) -> ibis.Value:
    """Return the text of the time of arrival that an id begins with, else the id."""
    return verdicts.measurement_uid.re_replace(ARRIVED, r"\1-\2-\3 \4:\5:\6")


def lag_s(v: ibis.Table) -> ibis.Value:
    """Return seconds from a measurement's start to its arrival, by its id; null where that holds no time.

    `detect.votes.cells.lag_s_of` computes the same. Engines differ in how they read text that is no date: a
    time counts where it gives the same text again.

    Args:
        v: verdicts with the columns `arrival` and `arrived_at`, the time that its text gives or null.
    """
    sound = (v.arrival != v.measurement_uid) & v.arrived_at.notnull()
    sound &= v.arrived_at.cast("string").left(_TIME_CHARACTERS) == v.arrival
    start = v.measurement_start_time.epoch_seconds()
    lag = v.arrived_at.epoch_seconds() - start
    # received in an hour, of which it came by the end
    received = v.received_at.epoch_seconds() + 3600 - start
    has_receipt = v.received_at.notnull()
    lag = ibis.ifelse(has_receipt & (~sound | (received < 0)), received, ibis.ifelse(sound, lag, None))
    return ibis.ifelse(lag.between(-LONGEST_LAG_S, LONGEST_LAG_S), lag, ibis.null("int64"))
