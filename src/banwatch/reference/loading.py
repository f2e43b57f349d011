"""A consistent set of snapshots."""

import csv
from collections.abc import Sequence
from datetime import datetime, time
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.reference import Fingerprint, GradedFingerprint, Network, Reference
from banwatch.reference import certificates, resolvers, snapshots, special_addresses, suffixes
from banwatch.reference.fingerprint_index import FingerprintIndex, show_match
from banwatch.reference.network_table import NetworkTable, unpack_untrusted
from banwatch.reference.resolvers import ResolverTable
from banwatch.reference.special_addresses import SpecialAddresses


def load(
    snapshot_ids: Sequence[str] | None = None,
    *,
    data_dir: Path | None = None,
    lab_roots: Sequence[bytes] = (),
) -> Reference:
    """Load the shipped snapshots and those imported into the data folder.

    Args:
        snapshot_ids: exactly these snapshots; the newest of each kind where None.
        data_dir: folder of imported snapshots; the user's own where None.
        lab_roots: certificates (PEM) of further lab authorities, beside the lab's own. Only measurements that
            say they were made in a lab are checked against them.

    Raises:
        BanwatchError: a snapshot that was asked for is not here.
    """
    folder = data_dir if data_dir is not None else snapshots.default_data_dir()
    imported = list(snapshots.list_imported(folder))
    chosen = imported if snapshot_ids is None else _choose(imported, snapshot_ids)
    newest = {snapshot.kind: snapshot for snapshot in chosen}
    return Snapshots(folder, newest.get("networks"), newest.get("fingerprints"), tuple(lab_roots))


def installed_ids() -> tuple[str, ...]:
    """Ids of the kinds of which there is but one: those of installed packages, and small tables that ship."""
    return (
        f"roots-{version('certifi')}",
        suffixes.snapshot_id(),
        snapshots.SHIPPED_SPECIAL,
        snapshots.SHIPPED_RESOLVERS,
        snapshots.SHIPPED_DEVICE_AUTHORITIES,
    )


def _choose(imported: list[snapshots.Snapshot], wanted: Sequence[str]) -> list[snapshots.Snapshot]:
    by_id = {snapshot.id: snapshot for snapshot in imported}
    here = {*by_id, *installed_ids(), snapshots.SHIPPED_NETWORKS}
    for snapshot_id in wanted:
        if snapshot_id not in here:
            raise BanwatchError(
                f"There is no reference snapshot {snapshot_id!r} here",
                f"Import it, or choose from: {', '.join(sorted(here))}",
            )
    return [by_id[snapshot_id] for snapshot_id in wanted if snapshot_id in by_id]


class Snapshots:
    """Answers from one set of snapshots; what is not asked for is not read. Implements `Reference`."""

    def __init__(
        self,
        folder: Path,
        networks: snapshots.Snapshot | None,
        fingerprints: snapshots.Snapshot | None,
        lab_roots: tuple[bytes, ...],
    ) -> None:
        self._arguments = (folder, networks, fingerprints, lab_roots)
        self._folder = folder
        self._networks = networks
        self._fingerprints = fingerprints
        self._lab_roots = lab_roots
        chosen = [networks.id if networks else snapshots.SHIPPED_NETWORKS]
        if fingerprints:
            chosen.append(fingerprints.id)
        self._ids = tuple(sorted([*chosen, *installed_ids()]))
        self.target_of = suffixes.target_of
        self.is_public = _special_addresses().is_public
        self.resolver_of = _resolvers().find

    def __reduce__(self) -> tuple[type["Snapshots"], tuple[object, ...]]:
        return (Snapshots, self._arguments)

    @property
    def snapshot_ids(self) -> tuple[str, ...]:
        """Ids of every snapshot in the set, sorted."""
        return self._ids

    @cached_property
    def _table(self) -> NetworkTable:
        if self._networks is None:
            return unpack_untrusted(snapshots.shipped_file(f"{snapshots.SHIPPED_NETWORKS}.bin"))
        try:
            return unpack_untrusted(snapshots.read(self._folder, self._networks))
        except WireError as error:
            raise BanwatchError(f"Snapshot {self._networks.id}: {error}", "Import it again") from None

    @cached_property
    def index(self) -> FingerprintIndex:
        """Fingerprints of the set."""
        if self._fingerprints is None:
            return FingerprintIndex(())
        content = snapshots.read(self._folder, self._fingerprints)
        try:
            return FingerprintIndex(msgspec.json.decode(content, type=list[Fingerprint]))
        except msgspec.DecodeError as error:
            raise BanwatchError(f"Snapshot {self._fingerprints.id}: {error}", "Import it again") from None

    @cached_property
    def _roots(self) -> certificates.RootStore:
        return certificates.RootStore([certificates.bundled_roots()])

    @cached_property
    def _lab_store(self) -> certificates.RootStore:
        """The lab's roots alone: a certificate of the real world proves nothing in a lab, nor the reverse."""
        return certificates.RootStore([snapshots.shipped_file("lab-authority.pem"), *self._lab_roots])

    def network_of(self, ip: str) -> Network | None:
        """Look the address up in the AS table; None where it is not announced or not an address."""
        return self._table.network_of(ip)

    def device_authority(self, certificate: bytes) -> str:
        """Name the program on a device whose own authority issued a certificate; else empty."""
        issuer = certificates.issuer_of(certificate)
        return next((product for mark, product in _device_authorities() if mark in issuer), "")

    def match_dns(self, answer: str) -> Sequence[GradedFingerprint]:
        """Fingerprints of a DNS answer (an address or a canonical name)."""
        return _match_dns(self.index, answer)

    def match_http(self, body: bytes, headers: Sequence[tuple[str, str]]) -> Sequence[GradedFingerprint]:
        """Fingerprints of a page and its headers, in time linear in the page."""
        return self.index.match_http(body, headers)

    def show_match(self, fingerprint: Fingerprint, body: bytes, headers: Sequence[tuple[str, str]]) -> str:
        """Return the text that matched, with what stands around it, and its place; empty for no match."""
        return show_match(fingerprint, body, headers)

    def certificate_problem(
        self, chain: Sequence[bytes], hostname: str, at: datetime, *, lab: bool = False
    ) -> str | None:
        """Validate a chain (DER, leaf first) for a name at a time; the df-007 `ssl_*` failure, or None."""
        noon = datetime.combine(
            at.date(), time(12), tzinfo=at.tzinfo
        )  # so that a day's chains share an answer
        store = self._lab_store if lab else self._roots
        return store.problem(tuple(chain), hostname, noon)


@lru_cache(maxsize=1)
def _special_addresses() -> SpecialAddresses:
    return special_addresses.parse_untrusted(
        snapshots.shipped_file(f"{snapshots.SHIPPED_SPECIAL}.csv").decode()
    )


@lru_cache(maxsize=1)
def _device_authorities() -> tuple[tuple[str, str], ...]:
    """Read beginnings of issuers' names, and whose programs they are."""
    text = snapshots.shipped_file(f"{snapshots.SHIPPED_DEVICE_AUTHORITIES}.csv").decode()
    return tuple((row["issuer"].casefold(), row["product"]) for row in csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def _resolvers() -> ResolverTable:
    return resolvers.parse_untrusted(snapshots.shipped_file(f"{snapshots.SHIPPED_RESOLVERS}.csv").decode())


@lru_cache(maxsize=65_536)
def _match_dns(index: FingerprintIndex, answer: str) -> Sequence[GradedFingerprint]:
    return tuple(index.match_dns(answer))
