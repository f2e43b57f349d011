"""Choice of nettests by name, with the inputs that a person gives them."""

from collections.abc import Iterable

from banwatch.model.errors import BanwatchError
from banwatch.probe.nettests.registry import find_nettest


def choose_nettests(texts: Iterable[str]) -> dict[str, list[str]]:
    """Check names of nettests such as `telegram`, and inputs such as `dnscheck=dot://dns.example`.

    Returns:
        Inputs by nettest; `web_connectivity` is left out, since it always runs on the probe's inputs.

    Raises:
        BanwatchError: there is no such nettest, or it does not take such an input.
    """
    chosen: dict[str, list[str]] = {}
    for text in texts:
        name, has_input, given = text.partition("=")
        nettest = find_nettest(name)
        if has_input:
            try:
                if nettest.check_input is None:
                    raise ValueError("this nettest takes no input")
                nettest.check_input(given)
            except ValueError as error:
                raise BanwatchError(
                    f"Cannot measure {name} with {given!r}: {error}",
                    "See docs/probe.md for what each nettest takes.",
                ) from error
        if name != "web_connectivity":
            chosen.setdefault(name, []).extend([given] if has_input else [])
    return chosen
