"""The control server: measures a target from a network without the censor.

Speaks the protocol of OONI's test helper on `POST /`, so that either can stand in for the other. *request*:
the URL and the endpoints that a probe resolved. *control*: the helper's results for them. *guard*: what the
helper refuses to connect to, whoever asks.
"""

from banwatch.helper.server import Helper, create_helper

__all__ = ["Helper", "create_helper"]
