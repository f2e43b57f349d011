"""Issuer of credentials: its keys in a file for its owner alone, and the proofs that it checks.

The cryptography is that of `ooniauth_py`, the library of OONI's own backend.

Wire: `<database>.credential-keys.json`, a list of keys, the newest first. A key that was replaced checks
proofs and updates credentials for `OVERLAP_DAYS` more.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
import ooniauth_py

from banwatch.collector.credentials.policy import Entry, demand_for, read_policy
from banwatch.collector.private_files import read_private, write_private
from banwatch.model.errors import BanwatchError

OVERLAP_DAYS = 90
"""Days that a replaced key is kept: probes that measure rarely come by once in some weeks."""
NYM_SCOPE = "ooni.org/{probe_cc}/{probe_asn}"
_MAX_PROOF_CHARS = 16_384
"""Longest proof or request; those of protocol 0.1.0 have 6,932 characters."""
_NYM_BYTES = 32


class VerificationStatus(StrEnum):
    """Result of checking a proof, in OONI's words."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNVERIFIED = "unverified"


class IssuerKey(msgspec.Struct, frozen=True, kw_only=True):
    """Key pair of an issuer."""

    public_parameters: str
    secret_key: str
    made_on: int
    """Julian day."""
    replaced_on: int | None = None

    @property
    def name(self) -> str:
        """Short name of the key."""
        return hashlib.sha256(self.public_parameters.encode()).hexdigest()[:12]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a submission that prove something; all null in one without a credential."""

    nym: str | None = None
    zkp_request: str | None = None
    manifest_version: str | None = None
    protocol_version: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is proven."""
        return self.nym is None and self.zkp_request is None and self.manifest_version is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Result of checking a submission's proof."""

    status: VerificationStatus
    error: str | None = None
    submit_response: str | None = None
    """Answer with which the probe's credential counts one submission more."""
    nym: str = ""
    """Pseudonym, where it was verified."""


UNPROVEN = Verification(status=VerificationStatus.UNVERIFIED)


class CredentialRefusedError(Exception):
    """Refused request for a credential, with an HTTP status and OONI's name of the error."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


class Issuer:
    """Issues credentials, and checks what probes prove with them.

    Args:
        keys: the newest first.
        policy: of submissions.
        today: returns the Julian day.
    """

    def __init__(self, keys: Sequence[IssuerKey], policy: Sequence[Entry], today: Callable[[], int]) -> None:
        self.keys = tuple(keys)
        self.policy = tuple(policy)
        self._today = today
        self._states = {
            key.name: ooniauth_py.ServerState.from_creds(key.public_parameters, key.secret_key)
            for key in keys
        }

    @property
    def protocol_version(self) -> str:
        """Version of the protocol that is spoken."""
        return ooniauth_py.get_protocol_version()

    def version_of(self, key: IssuerKey) -> str:
        """Name a manifest by its key and policy: another policy is another manifest."""
        policy = hashlib.sha256(msgspec.json.encode(self.policy)).hexdigest()[:12]
        return f"{key.name}.{policy}"

    def manifest(self) -> dict[str, object]:
        """Return the current manifest as OONI's probes read it."""
        return {
            "manifest": {
                "nym_scope": NYM_SCOPE,
                "submission_policy": msgspec.to_builtins(self.policy),
                "public_parameters": self.keys[0].public_parameters,
            },
            "meta": {
                "version": self.version_of(self.keys[0]),
                "last_modification_date": "",
                "manifest_url": "",
                "library_version": ooniauth_py.__version__,
                "protocol_version": self.protocol_version,
            },
        }

    def sign_untrusted(self, version: str, request: str) -> dict[str, object]:
        """Issue a credential blindly.

        Raises:
            CredentialRefusedError: the manifest is not the current one, or the request is no request.
        """
        if version != self.version_of(self.keys[0]):
            raise CredentialRefusedError(404, "manifest_not_found", "ask for the current manifest")
        state = self._states[self.keys[0].name]
        response = _guarded(lambda: state.handle_registration_request(_short(request)))
        return {"credential_sign_response": response, "emission_day": self._today()}

    def update_untrusted(self, version: str, request: str) -> dict[str, object]:
        """Turn a credential of a replaced key into one of the newest; age, count and secret stay.

        Args:
            version: of the manifest that the credential is from.
            request: of the probe.

        Raises:
            CredentialRefusedError: the manifest is unknown, or the request is no request.
        """
        old = self._key_of(version)
        if old is None:
            raise CredentialRefusedError(404, "manifest_not_found", "the key of that manifest is not kept")
        state = self._states[self.keys[0].name]
        response = _guarded(
            lambda: state.handle_update_request(_short(request), old.public_parameters, old.secret_key)
        )
        return {"credential_update_response": response, "manifest_version": self.version_of(self.keys[0])}

    def verify_untrusted(self, proof: Proof, content: str, cc: str, asn: str) -> Verification:
        """Check the proof of a submission; whatever is wrong with it, the measurement is taken.

        Args:
            proof: as it was sent.
            content: of the submission, byte for byte as it was sent.
            cc: country that the measurement names.
            asn: network that it names, as `AS64500`.
        """
        nym, request, version = proof.nym, proof.zkp_request, proof.manifest_version
        if proof.is_empty:
            return UNPROVEN
        key = self._key_of(version or "")
        if key is None:
            return Verification(status=VerificationStatus.UNVERIFIED, error="manifest_not_found")
        if not nym or not request or not _is_nym(nym):
            return Verification(status=VerificationStatus.FAILED, error="deserialization_failed")
        demand = demand_for(self.policy, cc, asn)
        state = self._states[key.name]
        try:
            response = _guarded(
                lambda: state.handle_submit_request_with_hash(
                    nym, _short(request), cc, asn, content, demand.age, demand.min_measurement_count
                )
            )
        except CredentialRefusedError as error:
            return Verification(status=VerificationStatus.FAILED, error=error.error)
        return Verification(status=VerificationStatus.VERIFIED, submit_response=response, nym=nym)

    def _key_of(self, version: str) -> IssuerKey | None:
        oldest = self._today() - OVERLAP_DAYS
        return next(
            (
                key
                for key in self.keys
                if self.version_of(key) == version and (key.replaced_on is None or key.replaced_on >= oldest)
            ),
            None,
        )


def _short(text: str) -> str:
    if len(text) > _MAX_PROOF_CHARS:
        raise CredentialRefusedError(
            400, "deserialization_failed", f"more than {_MAX_PROOF_CHARS} characters"
        )
    return text


def _is_nym(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _NYM_BYTES
    except ValueError:
        return False


def _guarded(work: Callable[[], str]) -> str:
    """Call the library; what it refuses, and where it gives up, becomes an error of ours."""
    try:
        return work()
    except ooniauth_py.DeserializationFailed:
        raise CredentialRefusedError(400, "deserialization_failed", "this cannot be decoded") from None
    except ooniauth_py.ProtocolError:
        raise CredentialRefusedError(403, "protocol_error", "the proof does not hold") from None
    except ooniauth_py.CredentialError:
        raise CredentialRefusedError(403, "credential_error", "the credential does not fit") from None
    except (CredentialRefusedError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        if type(error).__name__ != "PanicException" and not isinstance(error, (ValueError, TypeError)):
            raise
        raise CredentialRefusedError(400, "deserialization_failed", "this cannot be decoded") from None


def issuer_path(archive: Path) -> Path:
    """Return the path of a store's issuer, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".credential-keys.json")


def policy_path(archive: Path) -> Path:
    """Return the path of a store's policy of submissions, beside its archive."""
    return archive.with_name(archive.name.removesuffix(".archive") + ".credential-policy.json")


def load_issuer(archive: Path, today: Callable[[], int]) -> Issuer:
    """Load the issuer of a store; the first key is made where there is none.

    Raises:
        BanwatchError: a file cannot be read or written, is damaged, or can be read by others.
    """
    path = issuer_path(archive)
    if not path.exists():
        write_private(path, msgspec.json.encode([_make_key(today())]), replace=False)
    keys = _read_keys(path)
    return Issuer(keys, read_policy(policy_path(archive)), today)


def rotate(archive: Path, today: int) -> Issuer:
    """Begin to issue with a new key; the old one is kept for a while, older ones are forgotten.

    Raises:
        BanwatchError: a file cannot be read or written.
    """
    path = issuer_path(archive)
    old = _read_keys(path) if path.exists() else ()
    kept = [
        key if key.replaced_on is not None else msgspec.structs.replace(key, replaced_on=today)
        for key in old
        if key.replaced_on is None or key.replaced_on >= today - OVERLAP_DAYS
    ]
    write_private(path, msgspec.json.encode([_make_key(today), *kept]), replace=True)
    return load_issuer(archive, lambda: today)


def today() -> int:
    """Return the Julian day."""
    return ooniauth_py.ServerState.today()


def _make_key(day: int) -> IssuerKey:
    state = ooniauth_py.ServerState()
    return IssuerKey(
        public_parameters=state.get_public_parameters(), secret_key=state.get_secret_key(), made_on=day
    )


def _read_keys(path: Path) -> tuple[IssuerKey, ...]:
    remedy = "Put it back from a backup, or delete it: every credential that was issued is then void"
    try:
        keys = msgspec.json.decode(read_private(path), type=tuple[IssuerKey, ...])
    except msgspec.DecodeError:
        raise BanwatchError(f"{path} holds no keys of an issuer", remedy) from None
    if not keys:
        raise BanwatchError(f"{path} holds no keys of an issuer", remedy)
    try:
        for key in keys:
            ooniauth_py.ServerState.from_creds(key.public_parameters, key.secret_key)
    except Exception:
        raise BanwatchError(f"{path} holds a damaged key", remedy) from None
    return keys
