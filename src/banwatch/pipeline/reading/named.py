"""Measurements and incidents by the names that people have in hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from banwatch.detect.wording.reasons import reasons
from banwatch.model.errors import BanwatchError
from banwatch.model.incident import Incident
from banwatch.model.verdict import Verdict
from banwatch.store import Store, queries
from banwatch.store.counting.matching import ids_ending_with, verdicts_near

_INCIDENT = re.compile(r"[A-Z]{2}-\d{4}-\d{3,}")
_SHORTEST_ENDING = 4
_MOST_LISTED = 8
_ENDING = re.compile(r"[0-9A-Za-z_.-]+")


@dataclass(frozen=True, slots=True)
class IncidentReasons:
    """An incident, and why it is one."""

    incident: Incident
    reasons: Sequence[str]


def is_incident(name: str) -> bool:
    """Return whether a name is the id of an incident, such as `KP-2016-0001`."""
    return _INCIDENT.fullmatch(name.upper()) is not None


def incident_reasons(store: Store, incident_id: str) -> IncidentReasons:
    """Read an incident, and the reasons for and against it.

    Raises:
        BanwatchError: there is none of this id.
    """
    every = queries.incidents(store)
    incident = next((one for one in every if one.incident_id == incident_id.upper()), None)
    if incident is None:
        near = [one.incident_id for one in every if one.probe_cc == incident_id[:2].upper()][:_MOST_LISTED]
        raise BanwatchError(
            f"There is no incident {incident_id!r} in this store",
            f"There are {', '.join(near)}" if near else "Find incidents with `banwatch detect`",
        )
    cells = queries.cells(store, probe_cc=incident.probe_cc)
    return IncidentReasons(incident, reasons(incident, cells))


def find_uid(store: Store, uid: str) -> str:
    """Return the id of the measurement whose id ends so, or is this.

    Raises:
        BanwatchError: there is none, or more than one.
    """
    if queries.verdicts_of(store, uid):
        return uid
    fits = len(uid) >= _SHORTEST_ENDING and _ENDING.fullmatch(uid)
    found = ids_ending_with(store, uid, limit=_MOST_LISTED) if fits else []
    if len(found) > 1:
        raise BanwatchError(
            f"{len(found)} measurements or more end with {uid!r}", f"Which: {', '.join(found)}?"
        )
    if not found:
        raise BanwatchError(
            f"There is no measurement {uid!r} in this store",
            "Ids are in the tables of `banwatch verdicts`; their last characters are enough",
        )
    return found[0]


def nearest(store: Store, target: str, at: datetime) -> list[Verdict]:
    """Read the verdicts on a target that are nearest to a moment, the nearest first.

    Raises:
        BanwatchError: the store has no verdict on this target.
    """
    found = verdicts_near(store, target, at, limit=_MOST_LISTED)
    if not found:
        raise BanwatchError(f"The store has no verdict on {target}", "See `banwatch verdicts`")
    return found
