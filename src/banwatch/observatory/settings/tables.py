"""Tables of the settings file, each a struct; the text under a field is its documentation."""

from typing import Annotated

import msgspec

from banwatch.alerts.settings import AlertSettings, Count, Duration
from banwatch.model.receipt import SourceClass

Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Table of the file; an unknown key is an error."""


class ServeTable(_Table, frozen=True, kw_only=True):
    """Web pages and APIs."""

    host: str = "127.0.0.1"
    """Address to listen on; by default only this machine reaches it."""
    port: Port | None = None
    """Port; by default the first free one from 8080 on."""
    certificate: str = ""
    """PEM file with certificate and key, to speak TLS without a web server in front."""
    public_url: str = ""
    """Address by which readers know the site, such as `https://observatory.example`; messages link to it."""
    names: tuple[str, ...] = ()
    """Further host names that the site may be asked for."""
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies that name their clients' addresses (docs/proxies.md)."""
    metrics: bool = False
    """Whether `/metrics` is answered to everybody; else only to this machine, without a proxy between."""


class CollectorTable(_Table, frozen=True, kw_only=True):
    """Measurements from probes (docs/collector.md)."""

    enabled: bool = False
    """Whether measurements are received from probes."""
    key: str = ""
    """File of the private key; by default a file beside the store."""
    public_key: str = ""
    """Public key, where the private one is on another machine: what comes sealed is kept sealed."""
    helpers: tuple[str, ...] = ()
    """Addresses of helpers that OONI's probes are given."""
    tcp_echo: tuple[str, ...] = ()
    """IP addresses that echo bytes at port 80, for probes."""
    headers_helpers: tuple[str, ...] = ()
    """Addresses that echo HTTP headers, for probes."""
    per_minute: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 1_200
    """Submissions that one client may send in a minute; 0 is any number."""
    max_waiting_mib: Count = 4_096
    """MiB that may wait to be brought in; more are refused for now."""


class LogTable(_Table, frozen=True, kw_only=True):
    """Log on stderr; addresses are left out of it."""

    format: Annotated[str, msgspec.Meta(pattern="^(text|json)$")] = "text"
    """`text` for people, or `json`: one object a line."""
    level: Annotated[str, msgspec.Meta(pattern="^(info|warning|error)$")] = "info"
    """Least level that is logged: `info`, `warning` or `error`."""


class IngestTable(_Table, frozen=True, kw_only=True):
    """Measurements that are brought in every so often."""

    sources: tuple[str, ...] = ()
    """Files, folders, patterns or buckets (`s3://bucket/prefix`); files that came before are skipped."""
    every: Duration = "1h"
    """Time between two runs."""
    source_class: SourceClass = SourceClass.OONI
    """Class of the sources (docs/trust.md)."""


class DetectTable(_Table, frozen=True, kw_only=True):
    """Detection besides that which follows each ingest."""

    every: Duration = "6h"
    """Time between two runs; silence becomes a finding by time alone."""


class BackupTable(_Table, frozen=True, kw_only=True):
    """Backups while it serves (docs/store.md)."""

    folder: str = ""
    """Folder of the backups, on another disk; none are made where empty."""
    every: Duration = "1d"
    """Time between two backups."""
    keep: Count = 30
    """Number of backups that stay."""


class RetentionTable(_Table, frozen=True, kw_only=True):
    """Deletion after a time; measurements, verdicts and what was published stay for good."""

    every: Duration = "1d"
    """Time between two runs."""
    aside: Duration | None = None
    """Age at which files are deleted that could not be brought in; they stay where nothing is said."""
    past_verdicts: Duration | None = None
    """Age of measurements whose earlier verdicts, replaced by newer rules, are deleted; by default none."""


class DigestTable(_Table, frozen=True, kw_only=True):
    """Summary that is sent even when nothing happened, so that silence means something."""

    every: Duration = "1d"
    """Time between two summaries."""
    channels: tuple[str, ...] = ()
    """Channels that get it; none by default."""


class Settings(_Table, frozen=True, kw_only=True):
    """Settings of an observatory: one TOML file."""

    store: str = "banwatch.duckdb"
    """Database: a file, or `clickhouse://user@host/name`."""
    serve: ServeTable = ServeTable()
    collector: CollectorTable = CollectorTable()
    log: LogTable = LogTable()
    ingest: IngestTable = IngestTable()
    detect: DetectTable = DetectTable()
    backup: BackupTable = BackupTable()
    retention: RetentionTable = RetentionTable()
    digest: DigestTable = DigestTable()
    alerts: AlertSettings = AlertSettings()
