"""Keys of the rollups: the columns that name a row, and those by which touched rows are counted again."""

from banwatch.store.tables import TABLES

CELL_KEY = TABLES["cell"].key
DAILY_KEY = TABLES["daily_cell"].key
COUNTRY_DAY_KEY = TABLES["country_day"].key
NETWORK_MONTH_KEY = TABLES["network_month"].key
TARGET_MONTH_KEY = TABLES["target_month"].key
REPORT_KEY = TABLES["report_probes"].key
TOUCHED_KEY = DAILY_KEY
"""Columns by which verdicts are counted again: all of a series and day together."""
