"""The sentence of an incident: place, time, and the measurements that it rests on."""

from banwatch.detect.wording.lists import listed
from banwatch.detect.wording.members import changed_mechanism, freed_earlier
from banwatch.detect.wording.moments import render_bounds, render_moment
from banwatch.detect.wording.schedule import render_schedule
from banwatch.detect.wording.scopes import render_scopes
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.scope import is_partial


def render_sentence(incident: Incident, *, own_resolver: bool = False) -> str:
    """Return the sentence: event, place, time, and the number of measurements.

    Args:
        incident: the incident; its own sentence is not read.
        own_resolver: whether the block shows only with the networks' own resolvers.
    """
    networks = listed([render_asn(asn) for asn in incident.asns])
    tiers = [tier for tier in incident.access_tiers if tier]
    where = f"on {networks}" + (f" ({listed(tiers)} access)" if tiers else "") + f" in {incident.probe_cc}"
    if incident.kind is IncidentKind.SHUTDOWN and incident.reached:
        what = f"The network was cut off from abroad {where}"
        count = (
            f"{incident.measurements} measurements of sites abroad failed, while "
            f"{listed(list(incident.reached))} loaded"
        )
    elif incident.kind is IncidentKind.SHUTDOWN and incident.measurements:
        what = f"The network went dark {where}"
        count = f"{incident.measurements} measurements found nothing that answered"
    elif incident.kind is IncidentKind.SHUTDOWN:
        what = f"Nothing was heard from {where[3:]}"
        count = "told by the absence of what is usually measured there, and nothing was measured meanwhile"
    elif incident.kind is IncidentKind.IMPAIRMENT:
        what = f"Nearly everything failed or came too slowly {where}"
        count = (
            f"{incident.measurements} measurements did not load, for no cause that shows interference: "
            "throttling of everything, an overload and a damaged line look the same"
        )
    else:
        partly = is_partial(incident.scopes)
        how = "could be reached only in part" if partly else "could not be reached as usual"
        if incident.mechanisms and all(".throttle" in name for name in incident.mechanisms):
            how = "could be reached only slowly (throttled)"
        what = f"{listed(list(incident.targets))} {how} {where}"
        what += " with the network's own resolver, while public ones reached it" if own_resolver else ""
        count = f"{incident.measurements} measurements in which it could be told"
    clauses = [f"{what}, {render_schedule(incident.windows) or _when(incident)}"]
    clauses += [freed_earlier(incident), changed_mechanism(incident), *render_scopes(incident), count]
    return "; ".join(clause for clause in clauses if clause) + "."


def _when(incident: Incident) -> str:
    if incident.onset_known:
        began = f"beginning between {render_bounds(incident.onset_earliest, incident.onset_latest)}"
    else:
        began = f"already so at the first measurement, {render_moment(incident.onset_latest)}"
    if incident.end_latest is None or incident.end_earliest is None:
        return f"{began}, not seen to end"
    return f"{began}, ending between {render_bounds(incident.end_earliest, incident.end_latest)}"
