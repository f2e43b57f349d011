"""Result of checking an evidence bundle."""

from collections.abc import Iterator

from banwatch.bulletin.verification_view import verification_view
from banwatch.bulletin.verify import Verification
from banwatch.cli.views.json_lines import print_json
from banwatch.pages.wording import words

NOT_PROVEN = (
    "not proven: who made it (nobody signed it: compare the digest with the one that its maker published), "
    "and that no measurement was left out"
)
NOT_PROVEN_OF_SIGNED = "not proven: that its publisher left out no more measurements than it says"
"""Limits of the check, which are told whatever it finds."""
_MAX_SHOWN = 20
"""Problems and differences listed; the rest is counted."""


def verification_lines(found: Verification) -> Iterator[str]:
    """Yield the result in lines for a person; a stranger's text in them cannot steer the terminal."""
    manifest = found.manifest
    yield f"{words.visible(manifest.title)} ({words.visible(manifest.subject)})"
    if manifest.labs:
        yield f"made in a lab: {words.visible(', '.join(manifest.labs))}"
    if manifest.recorded:
        yield "a recording"
    yield f"digest: {found.digest}"
    yield "whole: " + ("yes, nothing is missing, added or changed" if found.whole else "NO")
    for problem in found.problems[:_MAX_SHOWN]:
        yield f"  {words.visible(problem.path)} {words.visible(problem.what)}"
    yield from _rest(len(found.problems))
    yield f"judged again: {words.counted(found.measurements, 'measurement')}, rules {found.ruleset}" + (
        ""
        if found.same_rules
        else f" (the bundle's: {words.visible(manifest.ruleset)}, or other reference data)"
    )
    agree = found.verdicts - len(found.differences)
    yield f"same verdict: {agree:,} of {found.verdicts:,}"
    for difference in found.differences[:_MAX_SHOWN]:
        uid, target = words.visible(difference.measurement_uid), words.visible(difference.target)
        yield f"  {uid} {target}: {words.visible(difference.bundled)} in the bundle, {difference.here} here"
    yield from _rest(len(found.differences))
    if found.differences and not found.same_rules:
        yield "other rules or reference data judge otherwise; that alone does not speak against the bundle"
    yield (
        "consistent: its verdicts follow from its measurements, in every field that was compared"
        if found.consistent
        else "NOT consistent: it is not whole, or its verdicts do not follow from its measurements"
    )
    if not found.signed_by:
        yield NOT_PROVEN
        return
    yield f"signed by: {found.signed_by} (compare the key with the one that its publisher names elsewhere)"
    yield (
        f"its publisher signed {manifest.measurements:,} measurements with the Merkle root "
        f"{manifest.merkle_root[:16]}..., and says that {manifest.left_out:,} are left out"
    )
    yield NOT_PROVEN_OF_SIGNED


def _rest(count: int) -> Iterator[str]:
    if count > _MAX_SHOWN:
        yield f"  and {count - _MAX_SHOWN:,} more"


def show_verification(found: Verification, *, as_json: bool) -> None:
    """Print what the check of a bundle proved, and what differs."""
    if as_json:
        print_json(verification_view(found))
        return
    for line in verification_lines(found):
        print(line)
