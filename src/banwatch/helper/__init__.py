"""The control server: looks at a target from where the censor is not.

Speaks the protocol of OONI's test helper on `POST /`, so that either can stand in for the other. *request*:
the URL and the endpoints that a probe resolved. *control*: what the helper saw of them. *guard*: what the
helper refuses to connect to, whoever asks.
"""

from banwatch.helper.server import Helper, create_helper

__all__ = ["Helper", "create_helper"]
