"""Files beside exported data: a Frictionless `datapackage.json`, the licence and the citation."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from banwatch import __version__
from banwatch.store.columns import ColumnType, Layout

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
_TYPES = {
    ColumnType.TEXT: "string",
    ColumnType.INTEGER: "integer",
    ColumnType.REAL: "number",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIME: "datetime",
    ColumnType.INTERVAL: "datetime",
    ColumnType.DATE: "date",
    ColumnType.BYTES: "string",
    ColumnType.TEXTS: "array",
    ColumnType.INTEGERS: "array",
    ColumnType.JSON: "string",
}
_MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".jsonl": "application/jsonl",
}


def companions(
    tier: str, key: Sequence[str], data: Path, layout: Layout[Any], filters: Mapping[str, str], rows: int
) -> dict[str, str]:
    """Describe exported data: their columns, their licence and their citation.

    Args:
        tier: exported tier.
        key: columns that identify a row.
        data: the exported file, in the folder of the package.
        layout: columns of the file.
        filters: filters that select its rows.
        rows: number of rows.

    Returns:
        Names of files with their content. Other exports in the same folder stay in the package.
    """
    with open(data, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    resource: dict[str, Any] = {
        "name": f"{tier}-{data.suffix.lstrip('.')}",
        "path": data.name,
        "title": tier,
        "format": data.suffix.lstrip("."),
        "mediatype": _MEDIA_TYPES[data.suffix],
        "encoding": "utf-8",
        "bytes": data.stat().st_size,
        "hash": f"sha256:{digest}",
        "description": " ".join((layout.noun.__doc__ or "").split()),
        "rows": rows,
        "filters": dict(filters),
        "schema": _schema(layout, key, in_csv=data.suffix == ".csv"),
    }
    resources = sorted([*_others(data), resource], key=lambda r: str(r["path"]))
    package = {
        "profile": "data-package",
        "name": "banwatch",
        "title": "Banwatch: who cannot reach what, on which network",
        "description": "Which sites and applications cannot be reached, on which networks, by what means.",
        "version": __version__,
        "licenses": [LICENCE],
        "resources": resources,
    }
    return {
        "datapackage.json": json.dumps(package, indent=2, ensure_ascii=False) + "\n",
        "LICENSE.txt": (
            f"The data in this folder are licensed under {LICENCE['title']} ({LICENCE['path']}).\n"
            "Give credit to the observatory that published them and to the people who measured.\n"
        ),
        "CITATION.cff": _citation(resources),
    }


def _others(data: Path) -> list[dict[str, Any]]:
    """Read what the package in the folder lists already, apart from this file and missing files."""
    try:
        package = json.loads((data.parent / "datapackage.json").read_text(encoding="utf-8"))
        listed = [dict(r) for r in package["resources"] if package.get("name") == "banwatch"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [r for r in listed if r.get("path") != data.name and (data.parent / str(r.get("path"))).is_file()]


def _citation(resources: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "cff-version: 1.2.0",
        "message: Cite the observatory that published these data, and Banwatch.",
        'title: "Banwatch: who cannot reach what, on which network"',
        "type: dataset",
        f"version: {__version__}",
        f"license: {LICENCE['name']}",
        "authors:",
        "  - name: Banwatch contributors",
        "identifiers:",
    ]
    for resource in resources:
        lines += [
            "  - type: other",
            f'    value: "{resource["hash"]}"',
            f"    description: hash of {resource['path']}",
        ]
    return "\n".join(lines) + "\n"


def _schema(layout: Layout[Any], key: Sequence[str], *, in_csv: bool) -> dict[str, Any]:
    """Describe the columns. In CSV an empty text cannot be told from a missing one: none is required."""
    fields = [
        {
            "name": name,
            "type": _TYPES[f.column_type],
            "constraints": {
                "required": not f.nullable and not (in_csv and _TYPES[f.column_type] == "string")
            },
        }
        for f in layout.fields
        for name in f.column_names
    ]
    return {"fields": fields, "primaryKey": list(key), "missingValues": [""] if in_csv else []}
