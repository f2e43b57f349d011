"""A collector without its private key keeps measurements sealed; a command elsewhere opens them."""

import json
import stat
import zipfile
from pathlib import Path

from fastapi import FastAPI

from banwatch.collector import own
from banwatch.collector.collecting import CollectorSettings, collecting
from banwatch.collector.inbox import inbox_path, sealed_path
from banwatch.collector.keys import load_keys, public_keys
from banwatch.collector.routes import add_collector
from banwatch.model.receipt import SourceClass
from banwatch.observatory.open_sealed import open_sealed_store
from banwatch.probe.spool.sealing import make_keys, seal
from banwatch.store import Store, queries
from tests.explorer.asgi_client import ask
from tests.pipeline.measurement_lines import line

SENDER = "203.0.113.77"


def test_what_comes_sealed_stays_sealed_until_it_is_opened_elsewhere(tmp_path: Path) -> None:
    online, offline = tmp_path / "online", tmp_path / "offline"
    online.mkdir(mode=0o700)
    offline.mkdir(mode=0o700)
    whole = load_keys(offline / "key", make=True)
    store = online / "s.duckdb"
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("sealed/b", seal(line(2), whole.public.sealing))
    with own(store) as owner:
        assert owner is not None
        keys = public_keys(whole.public, online / "key")
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            app = FastAPI()
            add_collector(app, receiver)
            about = json.loads(ask(app, "GET", "/api/v1/collector").body)
            assert about["public_key"] + about["signing_key"] == whole.published
            sealed = seal(line(1), whole.public.sealing)
            for body in (sealed, sealed, seal(line(3), make_keys()[1])):
                assert ask(app, "PUT", "/api/v1/sealed/a", body).status == 200
            assert ask(app, "PUT", "/api/v1/sealed/a", b"x" * 5_000).status == 422
            assert ask(app, "POST", "/api/v1/bundles", bundle.read_bytes()).status == 200
            receiver.ingest_thread.ingest_all()
        folder = sealed_path(Path(owner.store.archive.folder))
        assert queries.measurements(owner.store) == []
    disk = b"".join(path.read_bytes() for path in online.rglob("*") if path.is_file())
    assert b"youtube" not in disk
    assert whole.private[0].hex().encode() not in disk
    assert whole.private[0] not in disk
    report = open_sealed_store(str(offline / "t.duckdb"), folder, load_keys(offline / "key", make=False))
    assert (report.opened, report.refused, report.new) == (3, 1, 2)  # one came twice, one is for others
    with Store.open(offline / "t.duckdb", read_only=True) as opened:
        rows = queries.measurements(opened)
        assert len(rows) == 2
        assert {row.source_class for row in rows} == {SourceClass.ANONYMOUS}
        assert all(row.received_at is not None and row.receipt_voice for row in rows)
    assert not [path for path in folder.iterdir() if path.name != "lock"]
    again = open_sealed_store(str(offline / "t.duckdb"), folder, load_keys(offline / "key", make=False))
    assert (again.opened, again.new) == (0, 0)


def test_what_was_carried_away_counts_no_more(tmp_path: Path) -> None:
    with own(tmp_path / "s.duckdb") as owner:
        assert owner is not None
        keys = public_keys(load_keys(tmp_path / "other", make=True).public, tmp_path / "key")
        with collecting(owner, keys, CollectorSettings(per_minute=0)) as receiver:
            sealed = receiver.sealed_store
            assert sealed is not None
            for client in (b"one", b"two"):
                sealed.keep(b"x" * 100, client).result()
                sealed.finish_journal()
            first, _ = sealed.waiting()
            first.unlink()
            sealed.keep(b"y" * 10, b"two").result()
            sealed.recount()
            assert sealed.waiting_bytes == 101 + 11
            assert dict(sealed._of_client) == {b"two": 112}
            assert stat.S_IMODE(sealed.folder.stat().st_mode) == 0o700
            assert inbox_path(Path(owner.store.archive.folder)).is_dir()
