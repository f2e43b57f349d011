"""Evidence to verdict."""

from collections.abc import Sequence

from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.table import RULES, RULESET
from banwatch.model.evidence import Evidence
from banwatch.model.mechanism import deepest
from banwatch.model.resolver import ResolverKind
from banwatch.model.route import Route
from banwatch.model.state import Layer, State
from banwatch.model.verdict import MOST_ADDRESSES, Verdict

_ORDER = (
    State.BLOCKED,
    State.LIKELY_BLOCKED,
    State.TAMPERED,
    State.OK,
    State.DOWN,
    State.IMPAIRED,
    State.INSUFFICIENT,
)
"""Order in which states decide where several rules hold: interference, reachability, trouble."""
_RANK = {state: rank for rank, state in enumerate(_ORDER)}
_BY_KIND: dict[str, tuple[Rule, ...]] = {}
_OTHER_ROUTE = "It opens by another route."
"""Said beside an accusation where the page came from an address that the network's resolver did not give."""
_FALLBACK = "Nothing in this measurement says whether the target was reachable."


def judge(evidence: Evidence, rules: Sequence[Rule] = RULES, ruleset: str = RULESET) -> Verdict:
    """Apply every rule; the strongest that holds decides, the others stand beside it.

    Args:
        evidence: one row of evidence.
        rules: the table, in its order.
        ruleset: the table's version.
    """
    held = [rule for rule in _rules_for(evidence.kind, rules) if rule.holds(evidence)]
    if evidence.http_forged_redirect:
        held = [rule for rule in held if not _is_behind_redirect(rule, evidence)]
    withheld: list[Rule] = []
    if evidence.chosen_resolver:
        withheld = [rule for rule in held if _is_of_chosen_resolver(rule, evidence)]
        held = [rule for rule in held if rule not in withheld]
    held = [rule for rule in held if not rule.fallback] or held
    vetoed = [rule for rule in withheld if rule.state.accuses]
    if any(rule.vetoes for rule in held):
        vetoed += [rule for rule in held if rule.state.accuses]
        held = [rule for rule in held if not rule.state.accuses]
        held.sort(key=lambda rule: (not rule.vetoes, _RANK[rule.state]))
    else:
        held.sort(key=lambda rule: _RANK[rule.state])
    deciding = held[0] if held else None
    return Verdict(
        measurement_uid=evidence.measurement_uid,
        target=evidence.target,
        test_name=evidence.test_name,
        input=evidence.input,
        probe_cc=evidence.probe_cc,
        probe_asn=evidence.probe_asn,
        access_tier=evidence.access_tier,
        report_id=evidence.report_id,
        probe_id=evidence.probe_id,
        measurement_start_time=evidence.measurement_start_time,
        state=deciding.state if deciding else State.INSUFFICIENT,
        mechanisms=_name_mechanisms(held, deciding, evidence),
        layer=_layer_of(deciding),
        hop=_hop_of(deciding, evidence),
        rules=tuple(rule.id for rule in held),
        vetoed=tuple(rule.id for rule in vetoed),
        sentence=_sentence_of(deciding, evidence),
        ruleset=ruleset,
        snapshots=evidence.snapshots,
        resolver_kind=ResolverKind(evidence.resolver_kind),
        received_at=evidence.received_at,
        source_class=evidence.source_class,
        receipt_voice=evidence.receipt_voice,
        origin_agrees=evidence.origin_agrees,
        addresses=evidence.dns_answers[:MOST_ADDRESSES],
    )


def _rules_for(kind: str, rules: Sequence[Rule]) -> Sequence[Rule]:
    if rules is not RULES:
        return [rule for rule in rules if kind in rule.kinds]
    if kind not in _BY_KIND:
        _BY_KIND[kind] = tuple(rule for rule in RULES if kind in rule.kinds)
    return _BY_KIND[kind]


def _name_mechanisms(held: Sequence[Rule], deciding: Rule | None, evidence: Evidence) -> tuple[str, ...]:
    """Return the mechanisms that the accusing rules name; for trouble without a culprit, the first rule's."""
    if deciding is None:
        return ()
    if not deciding.state.accuses:
        return deepest(deciding.mechanisms(evidence))
    named = deepest(m for rule in held if rule.state.accuses for m in rule.mechanisms(evidence))
    return tuple(m for m in named if not _is_outdone(m, named))


def _is_outdone(mechanism: str, named: Sequence[str]) -> bool:
    """Whether a mechanism ends in `other` while another rule names the same one more exactly."""
    parent, _, leaf = mechanism.rpartition(".")
    return leaf == "other" and any(m != mechanism and m.startswith(parent + ".") for m in named)


def _is_of_chosen_resolver(rule: Rule, evidence: Evidence) -> bool:
    """Whether a rule rests on the word of a resolver that a person chose, or on an address that it gave."""
    if rule.layer is Layer.DNS and rule.route is Route.ORDINARY:
        return True
    if rule.layer is Layer.HTTP and rule.state.accuses and not evidence.http_genuine:
        return True
    by_name = bool(evidence.groups_fate) and all(fate.startswith("dns.") for fate in evidence.groups_fate)
    return rule.state.accuses and by_name


def _is_behind_redirect(rule: Rule, evidence: Evidence) -> bool:
    """Whether a rule is about the lookup or the connections of a host that a redirect led to."""
    if rule.layer is Layer.DNS:
        return bool(evidence.dns_hop)
    return rule.layer not in (Layer.HTTP, Layer.NETWORK) and bool(evidence.hop)


def _sentence_of(deciding: Rule | None, evidence: Evidence) -> str:
    if deciding is None:
        return _FALLBACK
    sentence = deciding.sentence(evidence)
    return (
        f"{sentence} {_OTHER_ROUTE}" if deciding.state.accuses and evidence.page_by_other_route else sentence
    )


def _layer_of(deciding: Rule | None) -> Layer | None:
    if deciding is None or deciding.state is State.OK:
        return None
    if deciding.state is State.INSUFFICIENT and deciding.id != "network.silent":
        return None
    return deciding.layer


def _hop_of(deciding: Rule | None, evidence: Evidence) -> int | None:
    if deciding is None or deciding.state in (State.OK, State.INSUFFICIENT):
        return None
    return evidence.dns_hop if deciding.layer is Layer.DNS else evidence.hop
