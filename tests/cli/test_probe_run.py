"""What a running probe shows: live on a terminal, plain lines into a file, objects to machines."""

import io
import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from banwatch.cli.views.probe_run import JsonView, LiveView, PlainView
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, RuleId, TargetName
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict


def verdict(state: State, name: str, sentence: str) -> Verdict:
    return Verdict(
        measurement_uid=MeasurementUid("u"),
        target=TargetName(name),
        test_name="web_connectivity",
        input=f"https://{name}/",
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        access_tier="",
        report_id="r",
        probe_id="",
        measurement_start_time=datetime(2016, 4, 5, tzinfo=UTC),
        state=state,
        mechanisms=("tls.reset.sni",) if state.accuses else (),
        layer=Layer.TLS,
        hop=0,
        rules=(RuleId("tls.reset"),),
        vetoed=(),
        sentence=sentence,
        ruleset="1",
        snapshots=(),
    )


FINE = verdict(State.OK, "fine.example", "The page came.")
CUT = verdict(State.LIKELY_BLOCKED, "cut.example", "The handshake was reset.")


def terminal() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=True, width=120, height=24, color_system=None), written


def test_a_terminal_gets_every_verdict_as_it_comes_and_trouble_in_a_sentence() -> None:
    console, written = terminal()
    in_flight = ["https://next.example/"]
    with LiveView(console, lambda: in_flight) as view:
        view.begin(3)
        view.add(FINE)
        view._live.refresh()
        assert "1 of 3 · 1 ok" in written.getvalue()
        assert "measuring https://next.example/" in written.getvalue()
        view.add(CUT)
        assert "likely_blocked https://cut.example/: The handshake was reset." in written.getvalue()
        assert "fine.example" in written.getvalue()
        before = len(written.getvalue())
        view.end("2 measured: 1 likely_blocked, 1 ok")
    last = written.getvalue()[before:]
    assert last.index("cut.example") < last.rindex("fine.example")  # trouble first
    assert last.rstrip().endswith("2 measured: 1 likely_blocked, 1 ok")


def test_the_screen_is_never_overrun() -> None:
    console, _ = terminal()
    view = LiveView(console, lambda: [f"https://site-{i}.example/" for i in range(300)])
    view.begin(300)
    for _ in range(200):
        view.add(FINE)
    assert len(console.render_lines(view._render())) < 24


def test_a_file_gets_a_line_for_each_and_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    err = Console(file=io.StringIO(), width=40)
    with PlainView(Console(file=io.StringIO()), err) as view:
        view.begin(1)
        view.add(verdict(State.TAMPERED, "odd.example", "A page “\x1b[2J\nok\tx” came."))
        view.end("1 measured")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    state, what, mechanisms, sentence = out.rstrip("\n").split("\t")
    assert (state, what, mechanisms) == ("tampered", "https://odd.example/", "tls.reset.sni")
    assert "\x1b" not in sentence


def test_machines_get_objects_and_people_the_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    said = io.StringIO()
    with JsonView(Console(file=said, width=200)) as view:
        view.begin(2)
        view.add(FINE)
        view.add(CUT)
        view.end("2 measured")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["ok", "likely_blocked"]
    assert said.getvalue().splitlines() == ["https://cut.example/: The handshake was reset.", "2 measured"]
