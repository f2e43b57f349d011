"""Citation of an incident for libraries and papers: BibTeX, RIS and CITATION.cff."""

import json
from collections.abc import Mapping
from datetime import date

from banwatch.model.incident import Incident
from banwatch.pages.shell import Shell
from banwatch.pages.views.incident import title_of

MEDIA_TYPES: Mapping[str, str] = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "cff": "application/yaml",
}
"""Media type of each form, by the ending of its address."""
_SPECIAL = {character: f"\\{character}" for character in "{}%$#&_"} | {"\\": "\\textbackslash{}"}


def cite(incident: Incident, shell: Shell, form: str, *, day: date) -> str:
    """Return the citation of an incident.

    Args:
        incident: what is cited.
        shell: publisher and address of its page.
        form: `bib`, `ris` or `cff`.
        day: on which it was read.
    """
    title = title_of(incident)
    url = shell.canonical if shell.canonical.startswith("http") else ""
    year = incident.onset_latest.year
    if form == "bib":
        return _bibtex(incident.incident_id, title, shell.imprint.name, url, year, day)
    if form == "ris":
        lines = [
            "TY  - DATA",
            f"AU  - {_line(shell.imprint.name)}",
            f"TI  - {_line(title)}",
            f"PY  - {year}",
            f"ID  - {incident.incident_id}",
        ]
        lines += [f"UR  - {_line(url)}"] if url else []
        return "\r\n".join([*lines, f"Y2  - {day:%Y/%m/%d}", "ER  - ", ""])
    fields = [
        "cff-version: 1.2.0",
        "message: Cite this incident as below.",
        "type: dataset",
        f"title: {json.dumps(title, ensure_ascii=False)}",
        "authors:",
        f"  - name: {json.dumps(shell.imprint.name, ensure_ascii=False)}",
        "identifiers:",
        "  - type: other",
        f"    value: {json.dumps(incident.incident_id)}",
        f'date-released: "{day.isoformat()}"',
    ]
    fields += [f"url: {json.dumps(url, ensure_ascii=False)}"] if url else []
    return "\n".join([*fields, ""])


def _bibtex(key: str, title: str, author: str, url: str, year: int, day: date) -> str:
    fields = {
        "title": f"{{{_tex(title)}}}",
        "author": f"{{{_tex(author)}}}",
        "year": str(year),
        "note": f"Incident {_tex(key)}",
        "urldate": day.isoformat(),
    }
    if url:
        fields["url"] = url.translate({ord(c): f"%{ord(c):02X}" for c in "{}\\"})
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{body}\n}}\n"


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in _line(text))


def _line(text: str) -> str:
    return " ".join(text.split())
