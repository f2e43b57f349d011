"""`banwatch verdicts` and `banwatch explain`: everything is shown, and what is not there is said."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from banwatch.cli.main import create_app
from banwatch.cli.views import verdicts as view
from banwatch.model.errors import BanwatchError
from banwatch.model.state import State
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.reading.named import find_uid
from banwatch.reference import load
from banwatch.store import Store
from tests.pipeline.measurement_lines import line, write
from tests.store.verdict_rows import verdict

ROWS = 230
LONG = "a-name-that-is-longer-than-any-column-of-a-table.example.com"
"""Host of one measurement."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdicts")
    lines = [line(number) for number in range(ROWS - 1)]
    lines.append(line(ROWS - 1).replace(b"example.com", LONG.encode()))
    write(folder / "in.jsonl.gz", lines)
    with Store.open(folder / "b.duckdb") as opened:
        ingest(opened, [str(folder / "in.jsonl.gz")], load())
    return folder / "b.duckdb"


@pytest.fixture
def run(store: Path) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        command, *rest = arguments
        return CliRunner().invoke(
            create_app(), [command, "--store", str(store), *rest], catch_exceptions=False
        )

    return invoke


def test_a_pipe_gets_every_row_whole(run: Callable[..., Result]) -> None:
    done = run("verdicts")
    head, *rows = done.stdout.splitlines()
    assert head.startswith("time (UTC)")
    assert len(rows) == ROWS
    assert "…" not in done.stdout
    assert done.stderr == ""
    last = next(row for row in rows if LONG.removeprefix("www.").split(".")[-2] in row)
    assert last.split()[:2] == ["2016-04-01", last.split()[1]]


def test_every_form_has_every_row(run: Callable[..., Result]) -> None:
    rows = list(csv.DictReader(io.StringIO(run("verdicts", "--format", "CSV").stdout)))
    objects = [json.loads(row) for row in run("verdicts", "--format", "jsonl").stdout.splitlines()]
    assert len(rows) == len(objects) == ROWS
    assert [row["measurement_uid"] for row in rows] == [one["measurement_uid"] for one in objects]
    assert {row["probe_asn"] for row in rows} == {"AS131279"}
    assert run("verdicts", "--json").stdout == run("verdicts", "--format", "jsonl").stdout
    assert run("verdicts", "--count").stdout == f"{ROWS}\n"
    assert run("verdicts", "--count", "--limit", "7").stdout == "7\n"


def test_a_narrow_terminal_gets_a_list_and_nothing_is_cut(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def terminal(**_: object) -> Console:
        return Console(force_terminal=True, width=60, color_system=None)

    monkeypatch.setattr(view, "Console", terminal)
    done = run("verdicts")
    assert f"200 of {ROWS} shown" in done.stderr
    assert "banwatch explain" in done.stderr
    assert done.stdout.count("id 0") == view.TERMINAL_ROWS
    assert max(map(len, done.stdout.splitlines())) <= 60

    def wide(**_: object) -> Console:
        return Console(force_terminal=True, width=120, color_system=None)

    monkeypatch.setattr(view, "Console", wide)
    table = run("verdicts", "--limit", "3").stdout
    for state in State:
        assert f"{state[:-1]}…" not in table
    assert "2016-04-01 00:00" in table
    assert "facebook.com" in table


def test_filters_take_what_people_type(run: Callable[..., Result]) -> None:
    assert run("verdicts", "--cc", "north korea", "--count").stdout == f"{ROWS}\n"
    by_page = run("verdicts", "--target", "https://www.youtube.com/watch", "--count").stdout
    assert by_page == run("verdicts", "--target", "youtube.com", "--count").stdout != "0\n"
    states = [State.LIKELY_BLOCKED, State.BLOCKED, State.OK, State.IMPAIRED, State.DOWN, State.TAMPERED]
    everything = run("verdicts", "--state", ",".join(map(str.upper, [*states, "insufficient"])), "--count")
    assert everything.stdout == f"{ROWS}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--cc", "RU"), f"None is from RU; there are {ROWS} KP."),
        (("--target", "youtub.com"), "of youtube.com"),
        (("--state", "down"), "None is down; there are "),
        (("--state", "down", "--cc", "KP"), "None is down; there are "),
        (("--since", "2020"), "They lie from 2016-04-01 00:00 to 2016-04-01 03:49 UTC."),
        (("--asn", "AS1"), f"None is from AS1; there are {ROWS} AS131279."),
        (("--tier", "official"), f"None has the access tier official; there are {ROWS} visitor."),
    ],
)
def test_an_empty_answer_says_what_there_is(
    run: Callable[..., Result], arguments: tuple[str, ...], says: str
) -> None:
    done = run("verdicts", *arguments)
    assert done.stdout == ""
    assert says in done.stderr
    assert done.exit_code == 0


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    Store.open(tmp_path / "b.duckdb").close()
    done = CliRunner().invoke(create_app(), ["verdicts", "--store", str(tmp_path / "b.duckdb")])
    assert "banwatch ingest" in done.stderr


def test_a_verdict_is_explained_by_the_id_in_the_table(run: Callable[..., Result]) -> None:
    row = run("verdicts", "--target", "youtube.com", "--limit", "1").stdout.splitlines()[1]
    ending = row.split()[8]
    shown = run("explain", ending, "--json").stdout
    assert json.loads(shown)["verdict"]["measurement_uid"].endswith(ending)
    assert json.loads(run("explain", "youtube.com@2016-04-01 00:00", "--json").stdout) == json.loads(shown)


def test_names_that_fit_nothing_or_too_much_are_said(store: Path) -> None:
    app = create_app()
    with pytest.raises(BanwatchError, match="There is no measurement 'nosuch'"):
        CliRunner().invoke(app, ["explain", "nosuch", "--store", str(store)], catch_exceptions=False)
    with pytest.raises(BanwatchError, match="There is no incident 'KP-2016-0009'"):
        CliRunner().invoke(app, ["explain", "KP-2016-0009", "--store", str(store)], catch_exceptions=False)


def test_an_ending_that_two_measurements_share_is_not_guessed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "b.duckdb") as opened:
        opened.append(
            "verdict", [verdict(1, measurement_uid="a-1234abcd"), verdict(2, measurement_uid="b-1234abcd")]
        )
        with pytest.raises(BanwatchError, match="a-1234abcd, b-1234abcd"):
            find_uid(opened, "1234abcd")
        assert find_uid(opened, "b-1234abcd") == "b-1234abcd"
        with pytest.raises(BanwatchError, match="There is no measurement"):
            find_uid(opened, "%")
