"""Check of an evidence bundle without a network: whole files, and measurements that give its verdicts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from banwatch.bulletin.signing import parse_public_key, signer_of_untrusted
from banwatch.formats.bundle import MEASUREMENTS, VERDICTS, Bundle, Manifest, Problem, open_bundle_untrusted
from banwatch.formats.signed_manifest import SIGNATURE, leaf_of, merkle_root
from banwatch.judge import RULESET, judge_line
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import MeasurementUid, TargetName
from banwatch.model.progress import Progress
from banwatch.model.reference import Reference
from banwatch.model.verdict import Verdict
from banwatch.reference import load

_Key = tuple[MeasurementUid, TargetName]
_OF_MEASUREMENT = (
    *("test_name", "input", "probe_cc", "probe_asn", "access_tier"),
    *("report_id", "probe_id", "measurement_start_time"),
)
"""Fields of a verdict that its measurement gives under any rules."""
_OF_RULES = ("state", "mechanisms", "layer", "hop", "rules", "vetoed", "sentence", "resolver_kind")
"""Fields that the rules and the reference data give."""
_EVERY = 50
"""Measurements judged between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Verdict in the bundle that its measurement does not give here."""

    measurement_uid: str
    target: str
    bundled: str
    here: str
    fields: tuple[str, ...] = ()
    """Fields that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Result of checking a bundle."""

    manifest: Manifest
    digest: str
    """SHA-256 of the manifest: compare it with the one that the bundle's maker published."""
    problems: tuple[Problem, ...]
    measurements: int
    verdicts: int
    differences: tuple[Difference, ...]
    ruleset: str
    """Version of the rules here."""
    snapshots: tuple[str, ...]
    """Snapshots of the reference data here."""
    signed_by: str = ""
    """Public key whose signature of the manifest holds; empty where nobody signed it."""

    @property
    def same_rules(self) -> bool:
        """Tell whether the rules and the reference data here are the bundle's."""
        return self.ruleset == self.manifest.ruleset and set(self.snapshots) == set(self.manifest.snapshots)

    @property
    def whole(self) -> bool:
        """Tell whether nothing is missing, added or changed."""
        return not self.problems

    @property
    def consistent(self) -> bool:
        """Tell whether the bundle is whole, and the same rules give the same verdicts in every field.

        That proves neither who made it nor that no measurement was left out.

        Other rules may judge otherwise without the bundle being wrong: then the differences are only listed.
        """
        return self.whole and not (self.same_rules and self.differences)


def verify_bundle(
    path: Path, progress: Progress | None = None, *, publisher: str | None = None
) -> Verification:
    """Check a bundle.

    Args:
        path: the file.
        progress: called with the number of measurements judged again, and the number of all.
        publisher: public key, or its file, that has to have signed the bundle; None asks for nobody's.

    Raises:
        BanwatchError: there is no such file, or it is no bundle.
    """
    try:
        with path.open("rb") as file:
            wanted = parse_public_key(publisher) if publisher is not None else ""
            return _verify(open_bundle_untrusted(file), progress or (lambda done, total: None), wanted)
    except OSError as error:
        raise BanwatchError(
            f"{path} cannot be read: {error.strerror or error}", "Give the path of a bundle, a .zip file."
        ) from error
    except WireError as error:
        raise BanwatchError(f"{path} is no evidence bundle: {error.reason}", "Ask for it again.") from error


def _verify(bundle: Bundle, progress: Progress, wanted: str) -> Verification:
    problems = bundle.problems_untrusted()
    signed_by, wrong_signature = _check_signature(bundle, wanted)
    problems += wrong_signature
    reference = _reference_for(bundle.manifest)
    bundled: dict[_Key, Verdict] = {}
    leaves: list[bytes] = []
    measurements = 0
    differences: list[Difference] = []
    try:
        for verdict in bundle.verdicts_untrusted():
            if (verdict.measurement_uid, verdict.target) in bundled:
                problems.append(Problem(path=VERDICTS, what=f"judges {verdict.measurement_uid} twice"))
            bundled[verdict.measurement_uid, verdict.target] = verdict
    except WireError as error:
        problems.append(Problem(path=VERDICTS, what=error.reason))
    here: defaultdict[_Key, list[Verdict]] = defaultdict(list)
    try:
        for line in bundle.measurements_untrusted():
            measurements += 1
            leaves.append(leaf_of(line))
            again = judge_line(line, reference).verdict
            here[again.measurement_uid, again.target].append(again)
            if measurements % _EVERY == 0:
                progress(measurements, max(bundle.manifest.measurements, measurements))
    except WireError as error:
        problems.append(Problem(path=MEASUREMENTS, what=error.reason))
    if measurements != bundle.manifest.measurements:
        said = bundle.manifest.measurements
        problems.append(Problem(path=MEASUREMENTS, what=f"holds {measurements}, the manifest says {said}"))
    root, is_changed = bundle.manifest.merkle_root, any(one.path == MEASUREMENTS for one in problems)
    if root and not is_changed and merkle_root(leaves) != root:
        problems.append(Problem(path=MEASUREMENTS, what="are not those of the manifest's Merkle root"))
    problems += _strange_rules(bundle.manifest, bundled.values())
    problems += [
        Problem(path=VERDICTS, what=f"{uid}: {', '.join(wrong)} differ from the measurement")
        for (uid, target), said in sorted(bundled.items())
        if (wrong := _differing(said, here[uid, target], _OF_MEASUREMENT))
    ]
    left_out = sorted(uid for uid, target in here.keys() - bundled.keys())
    problems += [Problem(path=VERDICTS, what=f"{uid} has no verdict") for uid in left_out]
    differences += [
        Difference(
            measurement_uid=uid,
            target=target,
            bundled=_verdict_text(said),
            here=" or ".join(_verdict_text(found) for found in here[uid, target])
            or "no measurement gives it",
            fields=_differing(said, here[uid, target], _OF_RULES),
        )
        for (uid, target), said in sorted(bundled.items())
        if not here[uid, target] or _differing(said, here[uid, target], _OF_RULES)
    ]
    return Verification(
        manifest=bundle.manifest,
        digest=bundle.digest,
        problems=tuple(dict.fromkeys(problems)),
        measurements=measurements,
        verdicts=len(bundled),
        differences=tuple(differences),
        ruleset=RULESET,
        snapshots=reference.snapshot_ids,
        signed_by=signed_by,
    )


def _check_signature(bundle: Bundle, wanted: str) -> tuple[str, list[Problem]]:
    """Return the key that signed a bundle, and what is wrong with its signature."""
    try:
        member = bundle.signature_untrusted()
    except WireError as error:
        return "", [Problem(path=SIGNATURE, what=error.reason)]
    if member is None:
        return "", [Problem(path=SIGNATURE, what=f"is missing: {wanted} did not sign it")] if wanted else []
    signer = signer_of_untrusted(member, bundle.content)
    if signer is None:
        return "", [Problem(path=SIGNATURE, what="does not hold: the manifest was changed since")]
    if wanted and signer != wanted:
        return signer, [Problem(path=SIGNATURE, what=f"is that of {signer}, not of {wanted}")]
    return signer, []


def _strange_rules(manifest: Manifest, verdicts: Iterable[Verdict]) -> list[Problem]:
    """Find verdicts by rules or reference data that the manifest does not name."""
    rulesets, snapshots = set(manifest.ruleset.split(", ")), set(manifest.snapshots)
    return [
        Problem(path=VERDICTS, what=f"{one.measurement_uid}: ruleset or snapshots are not the manifest's")
        for one in verdicts
        if one.ruleset not in rulesets or not snapshots.issuperset(one.snapshots)
    ]


def _reference_for(manifest: Manifest) -> Reference:
    """Load the snapshots that the bundle names where they are here, else the newest ones."""
    try:
        return load(manifest.snapshots)
    except BanwatchError:
        return load()


def _differing(said: Verdict, here: Sequence[Verdict], names: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that differ from what a measurement of this id gives; of several, the nearest."""
    found = [tuple(name for name in names if getattr(said, name) != getattr(again, name)) for again in here]
    return min(found, key=len, default=())


def _verdict_text(verdict: Verdict) -> str:
    mechanisms = ", ".join(verdict.mechanisms)
    return f"{verdict.state.value} ({mechanisms})" if mechanisms else str(verdict.state.value)
