"""Result of checking a bundle, in the shape of its JSON."""

from typing import Any

from banwatch.bulletin.verify import Verification


def verification_view(found: Verification) -> dict[str, Any]:
    """Return the result in the shape of its JSON."""
    return {
        "subject": found.manifest.subject,
        "title": found.manifest.title,
        "digest": found.digest,
        "consistent": found.consistent,
        "signed_by": found.signed_by or None,
        "merkle_root": found.manifest.merkle_root,
        "left_out": found.manifest.left_out,
        "selection_proven": False,
        "whole": found.whole,
        "problems": [{"path": problem.path, "what": problem.what} for problem in found.problems],
        "measurements": found.measurements,
        "verdicts": found.verdicts,
        "differences": [
            {
                "measurement_uid": difference.measurement_uid,
                "target": difference.target,
                "bundled": difference.bundled,
                "here": difference.here,
                "fields": difference.fields,
            }
            for difference in found.differences
        ],
        "same_rules": found.same_rules,
        "ruleset": found.ruleset,
        "bundled_ruleset": found.manifest.ruleset,
        "labs": found.manifest.labs,
        "recorded": found.manifest.recorded,
    }
