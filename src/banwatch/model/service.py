"""Networks of messaging services: their names have no address anywhere else."""

from banwatch.model.ids import Asn

META = frozenset({Asn(32934), Asn(63293)})
SOFTLAYER = frozenset({Asn(36351)})
"""Network that WhatsApp's servers were in until 2018."""
TELEGRAM = frozenset({Asn(62041), Asn(62014), Asn(59930), Asn(44907), Asn(211157)})

SERVICE_NETWORKS: dict[str, frozenset[Asn]] = {
    "whatsapp": META | SOFTLAYER,  # OONI ts-018
    "facebook_messenger": META,  # OONI ts-019: an address in another AS is not consistent
    "telegram": TELEGRAM,  # OONI ts-020; https://core.telegram.org/resources/cidr.txt
}
"""ASes of the names that a nettest asks for, by target; a service at a cloud provider is not listed."""

BY_CONNECT_ALONE = frozenset({"facebook_messenger"})
"""Services whose nettest only connects, which does not show who answers: addresses must be their own."""
CACHES_AT_PROVIDERS = ("fbcdn.net",)
"""Domains whose hosts are in the networks of providers too (Meta's network appliances)."""
