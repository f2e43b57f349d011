"""A made-up country: a reader with the same questions as the store's, and rows that nobody measured."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from banwatch.detect.votes.cells import fold
from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.model.ban import Ban, BoundNetwork, Comparison, Measured, Source
from banwatch.model.cell import Cell
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode, IncidentId, MeasurementUid, TargetName
from banwatch.model.incident import Change, Incident, IncidentKind
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.rollup import DailyCell, VantageWitness
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict
from tests.pages.made_up_days import count_days
from tests.pages.made_up_totals import TotalsOfVerdicts

KP = CountryCode("KP")
TIERS = {"official": (131279, "Star JV"), "visitor": (64512, "Koryolink"), "citizen": (64513, "Kwangmyong")}
NAMED = ("youtube.com", "facebook.com", "twitter.com", "voanews.com", "yna.co.kr")
BY_CATEGORY = (("GMB", TargetName("bet365.com")), ("PORN", TargetName("pornhub.com")))
OTHERS = ("bbc.com", "instagram.com", "wikipedia.org", "naenara.com.kp")
MECHANISMS = {
    "youtube.com": "dns.injection.other",
    "facebook.com": "tcp.timeout",
    "twitter.com": "tls.reset.sni",
    "voanews.com": "http.blockpage",
    "bet365.com": "tcp.timeout",
    "pornhub.com": "http.blockpage",
    "bbc.com": "tls.timeout.sni",
}
START = datetime(2016, 3, 27, tzinfo=UTC)
ANNOUNCED = datetime(2016, 4, 1, tzinfo=UTC)


def make_source(publisher: str, title: str, url: str, cites: str) -> Source:
    return Source(
        publisher=publisher, title=title, published=date(2016, 4, 1), precision="day", url=url, cites=cites
    )


def make_ban(**changed: object) -> Ban:
    values: dict[str, object] = {
        "ban_id": "kp-test",
        "title": "A ban that was made up",
        "country": KP,
        "authority": "Ministry of Posts",
        "targets": tuple(TargetName(name) for name in NAMED),
        "categories": ("GMB", "PORN"),
        "category_targets": BY_CATEGORY,
        "binds": (BoundNetwork(asn=Asn(64512), name="Koryolink", access_tier="visitor"),),
        "begins": date(2016, 4, 1),
        "ends": "unspecified",
        "penalty": "punishment under the law",
        "sources": (
            make_source("Ministry", "Notice", "", ""),
            make_source("Agency", "Sites are blocked", "https://agency.example/story", "Ministry"),
            make_source("Blog", "Bad link", "javascript:alert(1)", "Agency"),
        ),
        "notes": "Nothing of this happened.",
        "facts": (("It was said so.", ("Agency", "Ministry")),),
    }
    return Ban(**{**values, **changed})  # type: ignore[arg-type]  # tests give each field what it takes


def make_raw(uid: str, target: str, tier: str, at: datetime, **keys: object) -> bytes:
    asn, network = TIERS[tier]
    wire: dict[str, object] = {
        "annotations": {"access_tier": tier, "lab": "kp-test"},
        "data_format_version": "0.2.0",
        "input": f"https://www.{target}/",
        "measurement_start_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "measurement_uid": uid,
        "probe_asn": f"AS{asn}",
        "probe_cc": "KP",
        "probe_network_name": network,
        "report_id": f"r-{tier}-{at:%Y%m%d%H}",
        "resolver_asn": "AS131279",
        "resolver_ip": "175.45.176.15",
        "software_name": "banwatch",
        "software_version": "0.1.0",
        "test_keys": {
            "queries": [
                {
                    "hostname": f"www.{target}",
                    "query_type": "A",
                    "engine": "getaddrinfo",
                    "failure": None,
                    "answers": [{"answer_type": "A", "ipv4": "203.0.114.7"}],
                    "t": 0.02,
                    "t0": 0.0,
                    "transaction_id": 1,
                }
            ],
            "tcp_connect": [
                {"ip": "203.0.114.7", "port": 443, "status": {"success": True}, "t": 0.05, "t0": 0.03}
            ],
            "requests": [
                {
                    "failure": None,
                    "request": {"method": "GET", "url": f"https://www.{target}/"},
                    "response": {"code": 200, "body": "<title>A page</title>" + "x" * 400, "headers": {}},
                    "t": 0.2,
                    "t0": 0.1,
                }
            ],
            "control": {
                "dns": {"failure": None, "addrs": ["203.0.114.7"]},
                "tcp_connect": {"203.0.114.7:443": {"status": True, "failure": None}},
                "http_request": {"failure": None, "status_code": 200, "body_length": 421, "title": "A page"},
            },
            **keys,
        },
        "test_name": "web_connectivity",
        "test_runtime": 1.5,
        "test_start_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "test_version": "0.5.0",
    }
    return json.dumps(wire).encode()


@dataclass
class MadeUpReader(TotalsOfVerdicts):
    """Reader over rows in lists."""

    ban: Ban = field(default_factory=make_ban)
    rows: list[Comparison] = field(default_factory=list)
    verdict_rows: list[Verdict] = field(default_factory=list)
    change_rows: list[Change] = field(default_factory=list)
    incident_rows: list[Incident] = field(default_factory=list)
    raw_lines: dict[MeasurementUid, bytes] = field(default_factory=dict)
    batches: int = 0
    replayed: bool = False

    def bans(self) -> Mapping[str, Ban]:
        return {self.ban.ban_id: self.ban}

    def comparisons(self, ban_id: str) -> Sequence[Comparison]:
        return [row for row in self.rows if row.ban_id == ban_id]

    def verdicts(
        self,
        *,
        probe_cc: CountryCode | None = None,
        probe_asn: Asn | None = None,
        access_tier: str | None = None,
        target: TargetName | None = None,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: tuple[datetime, str, str] | None = None,
        limit: int | None = None,
    ) -> Sequence[Verdict]:
        wanted = {
            "probe_cc": probe_cc,
            "probe_asn": probe_asn,
            "access_tier": access_tier,
            "target": target,
            "state": state,
        }
        found = [
            verdict
            for verdict in self.verdict_rows
            if all(value is None or getattr(verdict, name) == value for name, value in wanted.items())
            and (since is None or verdict.measurement_start_time >= since)
            and (until is None or verdict.measurement_start_time < until)
        ]
        keys = [(v.measurement_start_time, v.measurement_uid, v.target) for v in found]
        return [verdict for key, verdict in zip(keys, found, strict=True) if after is None or key > after][
            :limit
        ]

    def cells(
        self,
        *,
        probe_cc: CountryCode | None = None,
        target: TargetName | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Cell]:
        return fold(self.verdicts(probe_cc=probe_cc, target=target, since=since, until=until))[:limit]

    def daily_cells(
        self,
        probe_cc: CountryCode,
        *,
        targets: Sequence[TargetName] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[DailyCell]:
        found = self.verdicts(probe_cc=probe_cc, since=since, until=until)
        return count_days([v for v in found if targets is None or v.target in targets])

    def witnesses(self, probe_cc: CountryCode) -> Sequence[VantageWitness]:
        first = {
            (v.probe_asn, v.access_tier): v.measurement_uid
            for v in reversed(self.verdicts(probe_cc=probe_cc))
        }
        return [
            VantageWitness(probe_cc=probe_cc, probe_asn=asn, access_tier=tier, measurement_uid=uid)
            for (asn, tier), uid in sorted(first.items())
        ]

    def changes(self) -> Sequence[Change]:
        return self.change_rows

    def incidents(self) -> Sequence[Incident]:
        return self.incident_rows

    def incidents_of(self, countries: Collection[str]) -> Sequence[Incident]:
        return [one for one in self.incident_rows if one.probe_cc in countries]

    def latest_incidents(self, limit: int) -> Sequence[Incident]:
        return sorted(self.incident_rows, key=lambda i: (i.onset_latest, i.incident_id))[::-1][:limit]

    def count_incidents(self) -> int:
        return len(self.incident_rows)

    def measured_bans(self) -> Set[str]:
        return {row.ban_id for row in self.rows if row.measured is not Measured.NO_DATA}

    def labs(self, countries: Collection[str] = ()) -> Mapping[str, int]:
        made = (self._observed(uid)[0] for uid in self.raw_lines)
        return Counter(one.lab for one in made if not countries or one.probe_cc in countries)

    def recorded(self) -> bool:
        return self.replayed

    def _observed(self, uid: MeasurementUid) -> tuple[Measurement, Sequence[Observation]]:
        observed = observe(decode_untrusted(self.raw_lines[uid]), lambda name: name.removeprefix("www."))
        return observed.measurement, observed.observations

    def measurements_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Measurement]:
        self.batches += 1
        return {uid: self._observed(uid)[0] for uid in uids if uid in self.raw_lines}

    def observations_of(
        self, uids: Sequence[MeasurementUid], *, limit: int | None = None
    ) -> Mapping[MeasurementUid, Sequence[Observation]]:
        return {uid: self._observed(uid)[1][:limit] for uid in uids if uid in self.raw_lines}

    def evidence_of(self, uids: Sequence[MeasurementUid]) -> Mapping[MeasurementUid, Sequence[Evidence]]:
        return {}

    def verdicts_of(self, uid: MeasurementUid) -> Sequence[Verdict]:
        return [verdict for verdict in self.verdict_rows if verdict.measurement_uid == uid]

    def raws(
        self, uids: Sequence[MeasurementUid], *, longest_bytes: int | None = None
    ) -> Iterator[tuple[MeasurementUid, bytes]]:
        return ((uid, self.raw_lines[uid]) for uid in uids if uid in self.raw_lines)


def make_verdict(
    uid: str, target: str, tier: str, at: datetime, state: State, mechanism: str = ""
) -> Verdict:
    return Verdict(
        measurement_uid=MeasurementUid(uid),
        target=TargetName(target),
        test_name="web_connectivity",
        input=f"https://www.{target}/",
        probe_cc=KP,
        probe_asn=Asn(TIERS[tier][0]),
        access_tier=tier,
        report_id=f"r-{tier}-{at:%Y%m%d%H}",
        probe_id="",
        measurement_start_time=at,
        state=state,
        mechanisms=(mechanism,) if mechanism else (),
        layer=Layer.NETWORK if state is State.INSUFFICIENT else None,
        hop=None,
        rules=("made-up-rule",),
        vetoed=(),
        sentence="A sentence about this measurement.",
        ruleset="test-1",
        snapshots=("snapshot-1",),
    )


def make_row(target: str, tier: str, measured: Measured, **changed: object) -> Comparison:
    announced = target in NAMED or target in {name for _, name in BY_CATEGORY}
    enforced = measured in (Measured.ENFORCED, Measured.PARTLY)
    values: dict[str, object] = {
        "ban_id": "kp-test",
        "target": TargetName(target),
        "category": next((code for code, name in BY_CATEGORY if name == target), ""),
        "probe_cc": KP,
        "probe_asn": Asn(TIERS[tier][0]),
        "access_tier": tier,
        "announced": announced,
        "measured": measured,
        "since": (ANNOUNCED - timedelta(hours=6), ANNOUNCED) if enforced else None,
        "until": None,
        "since_known": True,
        "mechanisms": (MECHANISMS.get(target, "tcp.timeout"),) if enforced else (),
        "measurements": 0 if measured is Measured.NO_DATA else 36,
        "interfered": 36 if enforced else 0,
        "witness": None,
        "relation": ("beyond_announced",) if enforced and tier != "visitor" else (),
    }
    return Comparison(**{**values, **changed})  # type: ignore[arg-type]  # tests give each field what it takes


def measured_in(target: str, tier: str) -> Measured:
    if tier == "official":
        return Measured.NOT_ENFORCED
    if tier == "citizen":
        return Measured.NOT_ENFORCED if target == "naenara.com.kp" else Measured.ENFORCED
    return Measured.ENFORCED if target in MECHANISMS else Measured.NOT_ENFORCED


def make_country(days: int = 15, per_day: int = 4) -> MadeUpReader:
    """Return a country like the one of the first demonstration: three tiers, a ban, a shutdown, a bad day."""
    reader = MadeUpReader()
    targets = (*NAMED, *(name for _, name in BY_CATEGORY), *OTHERS)
    first_seen: dict[tuple[str, str], MeasurementUid] = {}
    for tier in TIERS:
        for step in range(days * per_day):
            at = START + timedelta(hours=step * 24 // per_day)
            for index, target in enumerate(targets):
                started = at + timedelta(seconds=index)
                uid = MeasurementUid(f"{started:%Y%m%d%H%M%S}_{tier}_{target}")
                state, mechanism = _truth(target, tier, started)
                verdict = make_verdict(uid, target, tier, started, state, mechanism)
                reader.verdict_rows.append(verdict)
                reader.raw_lines[uid] = make_raw(uid, target, tier, started)
                if mechanism and state is State.LIKELY_BLOCKED:
                    first_seen.setdefault((target, tier), uid)
    for target in targets:
        for tier in TIERS:
            measured = measured_in(target, tier)
            row = make_row(target, tier, measured, witness=first_seen.get((target, tier)))
            if tier == "citizen" and row.since:
                row = replace(row, since_known=False, since=(START, START), mechanisms=("tcp.timeout",))
            reader.rows.append(row)
    reader.incident_rows.append(make_incident(witnesses=tuple(sorted(first_seen.values()))[:3]))
    reader.change_rows.append(make_shutdown())
    return reader


def _truth(target: str, tier: str, at: datetime) -> tuple[State, str]:
    if tier == "visitor" and at.date() == date(2016, 4, 8):
        return State.INSUFFICIENT, ""
    if tier == "visitor" and target == "instagram.com" and at.date() == date(2016, 4, 5) and at.hour < 12:
        return State.LIKELY_BLOCKED, "tls.timeout.sni"
    if measured_in(target, tier) is Measured.ENFORCED and (tier == "citizen" or at >= ANNOUNCED):
        return State.LIKELY_BLOCKED, "tcp.timeout" if tier == "citizen" else MECHANISMS[target]
    return State.OK, ""


def make_incident(**changed: object) -> Incident:
    values: dict[str, object] = {
        "incident_id": IncidentId("KP-2016-0001"),
        "kind": IncidentKind.BLOCKING,
        "probe_cc": KP,
        "asns": (Asn(64512),),
        "access_tiers": ("visitor",),
        "targets": tuple(TargetName(name) for name in sorted(MECHANISMS)),
        "mechanisms": tuple(sorted(set(MECHANISMS.values()))),
        "onset_earliest": ANNOUNCED - timedelta(hours=6),
        "onset_latest": ANNOUNCED,
        "onset_known": True,
        "end_earliest": None,
        "end_latest": None,
        "measurements": 420,
        "probes": 36,
        "confidence": 0.999,
        "witnesses": (),
        "sentence": "Seven sites stopped opening for visitors.",
    }
    return Incident(**{**values, **changed})  # type: ignore[arg-type]  # tests give each field what it takes


def make_shutdown() -> Change:
    day = datetime(2016, 4, 8, tzinfo=UTC)
    return Change(
        target=TargetName(""),
        probe_cc=KP,
        probe_asn=Asn(64512),
        access_tier="visitor",
        kind=IncidentKind.SHUTDOWN,
        onset_earliest=day - timedelta(hours=6),
        onset_latest=day,
        onset_known=True,
        end_earliest=day + timedelta(hours=18),
        end_latest=day + timedelta(hours=24),
        share=1.0,
        measurements=44,
        probes=4,
        confidence=0.99,
        mechanisms=("network.shutdown",),
        witness=MeasurementUid("x"),
    )
