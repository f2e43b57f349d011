"""Files of the client: name resolution and trust, mounted over this machine's own."""

import contextlib
import json
import os
from pathlib import Path

from banwatch.lab.machine.namespaces import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, mount
from banwatch.lab.regime.tier import Tier
from banwatch.model.errors import BanwatchError

_SYSTEM_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine; what GnuTLS programs such as wget read
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",
)
_NAME_SERVICE_SOCKETS = ("/var/run/nscd", "/run/systemd/resolve", "/run/avahi-daemon")
"""Directories of sockets that reach this machine's own resolver from any network namespace."""
_BROWSER_SETTINGS = ("/etc/chromium", "/etc/opt/chrome")
_CA_VARIABLES = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def client_environment(folder: Path) -> dict[str, str]:
    """Return the environment variables by which programs find the lab's authority."""
    return dict.fromkeys(_CA_VARIABLES, str(folder / "ca.pem"))


def mount_client_files(folder: Path, tier: Tier, ca_pem: str) -> None:
    """Mount the client's files in this process's mount namespace, which must be its own.

    Args:
        folder: an empty directory; the files are in a tmpfs on it that only this namespace sees.
        tier: tier whose resolver resolv.conf names.
        ca_pem: the lab's authority, as PEM text.
    """
    with contextlib.suppress(OSError):  # in a container whose /proc is masked it stays as it is
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("lab", str(folder), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m")
    files = {
        # A lab's round trips take milliseconds: no need to wait the usual five seconds for a lost answer.
        "resolv.conf": f"nameserver {tier.resolver}\noptions timeout:1 attempts:2\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n",
        "ca.pem": ca_pem,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in _NAME_SERVICE_SOCKETS:
        if os.path.isdir(path):
            mount("lab", os.path.realpath(path), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k")
    for name in ("resolv.conf", "hosts", "nsswitch.conf"):
        _bind(folder / name, Path("/etc") / name)
    for path in _SYSTEM_CA_FILES:
        if os.path.exists(path):
            _bind(folder / "ca.pem", Path(path))
    for path in _BROWSER_SETTINGS:
        if os.path.isdir(path):
            _mount_browser_policy(Path(path), ca_pem)


def _mount_browser_policy(settings: Path, ca_pem: str) -> None:
    """Add the lab's authority to a browser with a trust store of its own, by its managed policy."""
    kept = {p.name: p.read_bytes() for p in settings.iterdir() if p.is_file() and os.access(p, os.R_OK)}
    mount("lab", str(settings), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for name, data in kept.items():
        (settings / name).write_bytes(data)
    certificates = ["".join(part.split("-----")[1].split()) for part in ca_pem.split("-----BEGIN")[1:]]
    managed = settings / "policies" / "managed"
    managed.mkdir(parents=True)
    policy = {"CACertificates": certificates, "DnsOverHttpsMode": "off"}
    (managed / "banwatch-lab.json").write_text(json.dumps(policy), encoding="ascii")


def _bind(source: Path, target: Path) -> None:
    real = Path(os.path.realpath(target))
    if not real.exists():
        if target.name == "nsswitch.conf":
            return  # the C library's default is `files dns` as well
        try:
            real.parent.mkdir(
                parents=True, exist_ok=True
            )  # into the tmpfs, where the target was a link there
            real.touch()
        except OSError as error:
            raise BanwatchError(
                f"{target} does not exist and cannot be made ({error})", f"Make an empty {target}"
            ) from error
    mount(str(source), str(real), "none", MS_BIND)
