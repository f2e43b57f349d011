"""Perfect observer: the truth folded by tier, target and hour."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.lab.world.world import World
from banwatch.model.ids import TargetName
from banwatch.model.mechanism import deepest


@dataclass(frozen=True, slots=True, kw_only=True)
class Perfect:
    """Hour of a target on a tier, as a perfect observer would describe it.

    Shape: one row a tier, target and hour in which something was sent for it; key and order are those.
    """

    tier: str
    target: TargetName
    hour: datetime
    mechanisms: tuple[str, ...]
    """Mechanisms that affected its flows; empty where the censor did nothing."""
    flows: int
    acted_on: int


def fold_truth(flows: Iterable[FlowTruth], world: World, target_of: Callable[[str], str]) -> list[Perfect]:
    """Fold flows by tier, target and hour.

    A flow counts for the names that the censor read in it. Where it read none (it dropped the first packet),
    the flow counts for every site at that address.
    """
    helper = {str(address) for address in world.helper_addresses}
    names_at: dict[str, set[str]] = {}
    for site in world.sites:
        for address in site.all_addresses:
            names_at.setdefault(str(address), set()).add(target_of(site.hostname))
    counted: dict[tuple[str, str, datetime], list[FlowTruth]] = {}
    for flow in flows:
        if flow.dst in helper:
            continue
        hour = flow.started_at.replace(minute=0, second=0, microsecond=0)
        named = {target_of(name.rstrip(".").lower()) for _, name in flow.names}
        for target in named or names_at.get(flow.dst, set()):
            counted.setdefault((flow.tier, target, hour), []).append(flow)
    return [
        Perfect(
            tier=tier,
            target=TargetName(target),
            hour=hour,
            mechanisms=deepest(flow.mechanism for flow in found if flow.mechanism),
            flows=len(found),
            acted_on=sum(flow.acted_on for flow in found),
        )
        for (tier, target, hour), found in sorted(counted.items())
    ]
