"""Anonymous credentials of OONI's protocol: a probe proves that it is no newcomer, without a name.

*credential*: a secret of a probe, issued blindly. *issuer*: the key pair that issues credentials and checks
proofs. *pseudonym*: what a probe shows with a proof, the same within one network, unlinkable elsewhere.
*manifest*: what a probe needs before it proves anything: public parameters and policy. *voice book*: for
each pseudonym, as a keyed hash, on how many days it was heard.
"""
