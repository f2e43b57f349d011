"""A proof is taken once, for its own request, while its challenge lives."""

from banwatch.collector.limits.proof_of_work import ProofOfWork
from banwatch.net.http.work import find_proof


def test_a_proof_counts_once() -> None:
    now = 0.0
    work = ProofOfWork(b"k" * 32, lambda: now, bits=8)
    proof = find_proof(f"{work.challenge()} {work.bits}", "/api/v1/sealed/1")
    assert proof is not None
    assert not ProofOfWork(b"x" * 32, lambda: now, bits=8).accept_untrusted(proof, "/api/v1/sealed/1")
    assert work.accept_untrusted(proof, "/api/v1/sealed/1")
    assert not work.accept_untrusted(proof, "/api/v1/sealed/1")
    for bad in ("", ":", proof.split(":")[0] + ":", "0" * 32 + ":1", proof + "0" * 40):
        assert not work.accept_untrusted(bad, "/api/v1/sealed/1")
    late = find_proof(f"{work.challenge()} {work.bits}", "/report")
    assert late is not None
    now += 1_300
    assert not work.accept_untrusted(late, "/report")
