"""Store for notebooks: tables as Ibis expressions that can be executed directly.

import banwatch
tables = banwatch.open("banwatch.duckdb")
tables.verdicts(cc="KP").group_by("target", "state").count().to_pandas()
"""

import os
import warnings
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis

from banwatch.model.ids import parse_asn
from banwatch.store.engines.clickhouse_http import parse_address
from banwatch.store.engines.duckdb import LAMBDAS_OF_IBIS
from banwatch.store.engines.duckdb_errors import explain
from banwatch.store.filters import filtered
from banwatch.store.notebooks.owner_tables import open_owned
from banwatch.store.rollups.cells import cell_table
from banwatch.store.store import Store

When = datetime | str | None
"""Time: aware, or naive and taken as UTC, or in ISO form."""


def _moment(when: When) -> datetime | None:
    return datetime.fromisoformat(when) if isinstance(when, str) else when


class Tables:
    """Tables of a store, read-only. Use it in a `with` statement, or `close` it.

    Each method gives an Ibis table: filter, join, group and count it, then `.to_pandas()`, `.to_pyarrow()` or
    `.execute()`. Times are in UTC.
    """

    def __init__(self, store: str | Path) -> None:
        """Open a store.

        Raises:
            BanwatchError: there is no such store, or it cannot be opened.
        """
        self._store = Store.open(store, read_only=True)  # checks the store, and explains any problem
        self._backend: Any = _backend_of(str(store))

    def close(self) -> None:
        """Close the store."""
        self._store.close()
        self._backend.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def table(self, name: str) -> ibis.Table:
        """Return any table by its name, such as `source_file` or `log`."""
        with warnings.catch_warnings():
            # Ibis 12 asks DuckDB 2 for the schema by a method that DuckDB is about to drop
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._backend.table(name)

    def _narrowed(
        self,
        name: str,
        cc: str | None,
        asn: int | str | None,
        target: str | None,
        since: When,
        until: When,
        *,
        at: str = "measurement_start_time",
        **more: object,
    ) -> ibis.Table:
        number = parse_asn(str(asn).upper()) if asn is not None else None
        equal = {"probe_cc": cc, "probe_asn": number, "target": target, **more}
        return filtered(self.table(name), equal=equal, since=_moment(since), until=_moment(until), at=at)

    def verdicts(
        self,
        *,
        cc: str | None = None,
        asn: int | str | None = None,
        tier: str | None = None,
        target: str | None = None,
        state: str | None = None,
        since: When = None,
        until: When = None,
    ) -> ibis.Table:
        """Verdicts, one row a measurement and target; `since` is included, `until` is not."""
        return self._narrowed("verdict", cc, asn, target, since, until, access_tier=tier, state=state)

    def measurements(
        self,
        *,
        cc: str | None = None,
        asn: int | str | None = None,
        target: str | None = None,
        since: When = None,
        until: When = None,
    ) -> ibis.Table:
        """Measurements, one row each."""
        return self._narrowed("measurement", cc, asn, target, since, until)

    def evidence(
        self,
        *,
        cc: str | None = None,
        asn: int | str | None = None,
        target: str | None = None,
        since: When = None,
        until: When = None,
    ) -> ibis.Table:
        """Evidence, one row a measurement and target."""
        return self._narrowed("evidence", cc, asn, target, since, until)

    def observations(self) -> ibis.Table:
        """Observations, one row a step; join them with measurements by `measurement_uid`."""
        return self.table("observation")

    def cells(
        self,
        *,
        cc: str | None = None,
        asn: int | str | None = None,
        target: str | None = None,
        since: When = None,
        until: When = None,
    ) -> ibis.Table:
        """Verdicts counted by target, network, tier and hour."""
        if not self._store.has_rollups:  # a store of 0.1.0
            return cell_table(self.verdicts(cc=cc, asn=asn, target=target, since=since, until=until))
        return self._narrowed("cell", cc, asn, target, since, until, at="hour")

    def daily_cells(
        self,
        *,
        cc: str | None = None,
        asn: int | str | None = None,
        target: str | None = None,
        since: When = None,
        until: When = None,
    ) -> ibis.Table:
        """Verdicts counted by target, network, tier and day."""
        return self._narrowed("daily_cell", cc, asn, target, since, until, at="day")

    def changes(self) -> ibis.Table:
        """Stretches of interference, one row each."""
        return self.table("change")

    def incidents(self) -> ibis.Table:
        """Incidents, one row each."""
        return self.table("incident")

    def comparisons(self) -> ibis.Table:
        """Comparisons of announced bans with measurements, one row each."""
        return self.table("comparison")


def _backend_of(store: str) -> Any:
    if store.startswith("clickhouse:/"):
        address = parse_address(store)
        return ibis.clickhouse.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=os.environ.get("CLICKHOUSE_PASSWORD", ""),
            database=address.database,
            secure=address.secure,
            settings={"final": 1, "join_use_nulls": 1, "session_timezone": "UTC"},
        )
    try:
        backend = ibis.duckdb.connect(store, read_only=True)
        backend.con.execute(LAMBDAS_OF_IBIS)
        return backend
    except duckdb.Error as error:
        owned = open_owned(store)
        if owned is None:
            raise explain(Path(store), error) from error
        return owned
