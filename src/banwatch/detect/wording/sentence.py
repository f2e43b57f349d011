"""The sentence of an incident: place, time, and the measurements that it rests on."""

from datetime import datetime

from banwatch.detect.wording.lists import listed
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident, IncidentKind


def render_sentence(incident: Incident, *, own_resolver: bool = False) -> str:
    """Return the sentence: event, place, time, and the number of measurements.

    Args:
        incident: the incident; its own sentence is not read.
        own_resolver: whether the block shows only with the networks' own resolvers.
    """
    networks = listed([render_asn(asn) for asn in incident.asns])
    tiers = [tier for tier in incident.access_tiers if tier]
    where = f"on {networks}" + (f" ({listed(tiers)} access)" if tiers else "") + f" in {incident.probe_cc}"
    if incident.kind is IncidentKind.SHUTDOWN:
        what = f"The network went dark {where}"
        found = f"{incident.measurements} measurements found nothing that answered"
        count = found if incident.measurements else "told by the absence of what is usually measured there"
    else:
        what = f"{listed(list(incident.targets))} could not be reached as usual {where}"
        what += " with the network's own resolver, while public ones reached it" if own_resolver else ""
        count = f"{incident.measurements} measurements in which it could be told"
    return f"{what}, {_when(incident)}; {count}."


def _when(incident: Incident) -> str:
    if incident.onset_known:
        began = f"beginning between {_bounds(incident.onset_earliest, incident.onset_latest)}"
    else:
        began = f"already so at the first measurement, {render_moment(incident.onset_latest)}"
    if incident.end_latest is None or incident.end_earliest is None:
        return f"{began}, not seen to end"
    return f"{began}, ending between {_bounds(incident.end_earliest, incident.end_latest)}"


def _bounds(earliest: datetime, latest: datetime) -> str:
    return f"{render_moment(earliest)} and {render_moment(latest)}"


def render_moment(at: datetime) -> str:
    """Return a moment as `2016-04-01 06:00 UTC`."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
