"""The page of one day: the measurements of one target from one vantage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banwatch.model.ids import MeasurementUid
from banwatch.model.verdict import Verdict
from banwatch.pages.days import DayKey
from banwatch.pages.links import Links
from banwatch.pages.naming.networks import name_and_number
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.measurement import MeasurementView, view_measurement
from banwatch.pages.views.notices import Notice, notices_for
from banwatch.pages.wording import words

MAX_STEPS = 500
"""Steps of one measurement on a page; the longest real ones have some 200."""
MAX_RAW_BYTES = 512 << 10
"""Longest raw measurement that is laid out on a page; longer ones are linked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """Content of the page of one day, or of one measurement alone."""

    title: str
    vantage: str
    summary: str
    notices: tuple[Notice, ...]
    measurements: tuple[MeasurementView, ...]
    earlier: str
    later: str
    links: Links


def describe_vantage(vantage: Vantage) -> str:
    """Describe a vantage in words: people, network and country."""
    people = f"{words.tier(vantage.access_tier)} on " if vantage.access_tier else ""
    return f"{people}{name_and_number(vantage.probe_asn)}, {words.country(vantage.probe_cc)}"


def view_measurements(
    reader: Reader, verdicts: Mapping[MeasurementUid, Sequence[Verdict]], links: Links
) -> dict[MeasurementUid, MeasurementView]:
    """Read and lay out many measurements in a few scans.

    Args:
        reader: answers the page's questions.
        verdicts: the verdicts of each measurement.
        links: the neighbours of the page that they are on.
    """
    uids = list(verdicts)
    raws = dict(reader.raws(uids, longest_bytes=MAX_RAW_BYTES))
    observations = reader.observations_of(uids, limit=MAX_STEPS)
    evidence = reader.evidence_of(uids)
    return {
        uid: view_measurement(
            measurement,
            verdicts[uid],
            observations.get(uid, ()),
            evidence.get(uid, ()),
            raws.get(uid, b""),
            links,
        )
        for uid, measurement in reader.measurements_of(uids).items()
    }


def view_day(
    key: DayKey,
    measurements: Sequence[MeasurementView],
    links: Links,
    *,
    recorded: bool,
    earlier: str = "",
    later: str = "",
) -> DayPage:
    """Compute the page of a day.

    Args:
        key: target, vantage and day.
        measurements: the day's, in order of time.
        links: the page's neighbours.
        recorded: they were replayed from a recording.
        earlier: address of the day before that has a page; empty where there is none.
        later: address of the day after.
    """
    tally: dict[str, int] = {}
    for measurement in measurements:
        for verdict in measurement.verdicts:
            tally[verdict.state] = tally.get(verdict.state, 0) + 1
    said = [f"{words.number(count)} {state.lower()}" for state, count in tally.items()]
    return DayPage(
        title=f"{words.visible(key.target, 80)} on {words.day(key.day)}",
        vantage=describe_vantage(key.vantage),
        summary=f"{words.counted(len(measurements), 'measurement').capitalize()}: {words.listed(said)}."
        if measurements
        else "No measurement.",
        notices=_notices(measurements, recorded=recorded),
        measurements=tuple(measurements),
        earlier=earlier,
        later=later,
        links=links,
    )


def view_single(measurement: MeasurementView, links: Links, *, recorded: bool, vantage: Vantage) -> DayPage:
    """Compute the page of one measurement alone."""
    return DayPage(
        title=measurement.title,
        vantage=describe_vantage(vantage),
        summary=f"Measured {measurement.when}.",
        notices=_notices([measurement], recorded=recorded),
        measurements=(measurement,),
        earlier="",
        later="",
        links=links,
    )


def _notices(measurements: Sequence[MeasurementView], *, recorded: bool) -> tuple[Notice, ...]:
    labs: dict[str, int] = {}
    for measurement in measurements:
        labs[measurement.lab] = labs.get(measurement.lab, 0) + 1
    return notices_for(labs, recorded=recorded)
