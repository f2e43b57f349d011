"""Nouns are the same after conversion to columns and back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import pyarrow as pa
import pytest

from banwatch.model.observation import NOT_STORED, Observation, Step
from banwatch.model.state import State
from banwatch.store.columns import Layout
from banwatch.store.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Noun with one field of each column type."""

    name: str
    count: int
    share: float
    sure: bool
    at: datetime
    until: datetime | None
    day: date | None
    data: bytes | None
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    since: tuple[datetime, datetime] | None
    pairs: tuple[tuple[str, str], ...]
    state: State | None
    states: tuple[State, ...]
    left_out: Annotated[bytes, NOT_STORED] = b""


FULL = Everything(
    name="ﷺ \N{PILE OF POO} ' \" \\ \n",
    count=2**62,
    share=0.1,
    sure=True,
    at=datetime(2016, 4, 1, 12, 30, 15, 123456, tzinfo=UTC),
    until=datetime(1970, 1, 1, tzinfo=UTC),
    day=date(2016, 4, 1),
    data=b"\0\xff",
    words=("", "a", "a"),
    numbers=(1, 0),
    since=(datetime(2016, 4, 1, tzinfo=UTC), datetime(2016, 4, 2, tzinfo=UTC)),
    pairs=(("a", "b"), ("", "ü")),
    state=State.OK,
    states=(State.BLOCKED, State.OK),
)
BARE = Everything(
    name="",
    count=0,
    share=0.0,
    sure=False,
    at=datetime(2016, 4, 1, tzinfo=UTC),
    until=None,
    day=None,
    data=None,
    words=(),
    numbers=(),
    since=None,
    pairs=(),
    state=None,
    states=(),
)


@pytest.mark.parametrize("rows", [[], [BARE], [FULL], [FULL, BARE]])
def test_rows_come_back_as_they_were(rows: list[Everything]) -> None:
    layout = Layout(Everything)
    back = layout.from_arrow(layout.to_arrow(rows))
    assert back == rows
    assert [type(row.state) for row in back] == [type(row.state) for row in rows]


def test_what_is_not_stored_is_left_out() -> None:
    layout = Layout(Everything)
    assert "left_out" not in layout.column_names
    (back,) = layout.from_arrow(layout.to_arrow([FULL.__class__(**{**_fields(FULL), "left_out": b"x"})]))
    assert back == FULL


def _fields(row: Everything) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def test_a_word_that_we_do_not_know_yet_survives() -> None:
    layout = Layout(Everything)
    table = layout.to_arrow([FULL])
    at = table.schema.get_field_index("state")
    table = table.set_column(at, "state", pa.array(["strange"]))
    assert layout.from_arrow(table)[0].state == "strange"


def test_times_of_other_zones_are_stored_in_utc() -> None:
    from datetime import timedelta, timezone

    pyongyang = timezone(timedelta(hours=8, minutes=30))
    row = FULL.__class__(**{**_fields(FULL), "at": datetime(2016, 4, 1, 8, 30, tzinfo=pyongyang)})
    layout = Layout(Everything)
    assert layout.from_arrow(layout.to_arrow([row]))[0].at == datetime(2016, 4, 1, tzinfo=UTC)


def test_lists_are_never_null() -> None:
    for table in TABLES.values():
        for name, dtype in table.layout.schema.items():
            assert not (dtype.is_array() and dtype.nullable), f"{table.name}.{name}"


def test_bodies_and_certificates_stay_in_the_archive() -> None:
    names = Layout(Observation).column_names
    assert not {"body", "peer_certificates", "response_headers"} & set(names)
    assert {"body_sha256", "certificate_sha256"} <= set(names)


def test_no_table_has_a_column_for_the_probes_address() -> None:
    for table in TABLES.values():
        assert "probe_ip" not in table.layout.column_names


def test_observation_with_only_what_it_must_have() -> None:
    layout = Layout(Observation)
    row = Observation(measurement_uid="m", ordinal=3, step=Step.TCP)  # type: ignore[arg-type]  # a plain id
    assert layout.from_arrow(layout.to_arrow([row])) == [row]
