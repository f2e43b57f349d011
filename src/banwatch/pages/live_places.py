"""Pages of places and texts in the running app: countries, networks, targets, series, search, glossary."""

from dataclasses import replace

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.pages.links import LiveLinks
from banwatch.pages.naming.networks import name_of
from banwatch.pages.naming.places import every_country
from banwatch.pages.not_found import NotFoundError
from banwatch.pages.reader import Reader
from banwatch.pages.render import render
from banwatch.pages.shell import Shell, absolute, neighbours, path_to
from banwatch.pages.twins import twins_of, write_twin
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.places.countries import view_countries
from banwatch.pages.views.places.country import view_country
from banwatch.pages.views.places.found import view_search
from banwatch.pages.views.places.network import view_network
from banwatch.pages.views.places.series import view_series
from banwatch.pages.views.places.target import view_target
from banwatch.pages.views.texts.bans_page import view_bans
from banwatch.pages.views.texts.text_page import TEXTS
from banwatch.pages.wording import words

_LINKS = LiveLinks()
_SHELL = Shell()


def _in(code: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("Countries", _LINKS.text("countries")), (words.country(code), _LINKS.country(code))


def _with_twins(shell: Shell, address: str, page: object) -> Shell:
    twins = twins_of(page, address)
    has_picture = any(twin.media_type == "image/png" for twin in twins)
    return replace(shell, twins=twins, picture=absolute(shell, f"{address}.png") if has_picture else "")


def _stamp(shell: Shell) -> dict[str, str]:
    """Return what a picture says of its source: who publishes it, and where its table is."""
    stem, _, _ = shell.canonical.rpartition(".")
    return {"address": f"{stem}.csv" if stem else "", "source": shell.imprint.name}


def twin_of_country(reader: Reader, code: str, form: str, *, recorded: bool, shell: Shell = _SHELL) -> bytes:
    """Return a country's page in another form."""
    return write_twin(
        view_country(reader, CountryCode(code), _LINKS, recorded=recorded), form, **_stamp(shell)
    )


def twin_of_network(
    reader: Reader, code: str, asn: int, form: str, *, recorded: bool, shell: Shell = _SHELL
) -> bytes:
    """Return a network's page in another form."""
    return write_twin(
        view_network(reader, CountryCode(code), Asn(asn), _LINKS, recorded=recorded), form, **_stamp(shell)
    )


def twin_of_target(reader: Reader, name: str, form: str, *, recorded: bool, shell: Shell = _SHELL) -> bytes:
    """Return a target's page in another form."""
    return write_twin(view_target(reader, TargetName(name), _LINKS, recorded=recorded), form, **_stamp(shell))


def twin_of_countries(reader: Reader, form: str, *, recorded: bool, shell: Shell = _SHELL) -> bytes:
    """Return the page of all countries in another form."""
    return write_twin(view_countries(reader, _LINKS, recorded=recorded), form, **_stamp(shell))


def render_country(reader: Reader, code: str, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return the page of a country, measured or not.

    Raises:
        NotFoundError: there is no such country.
    """
    measured = [total.probe_cc for total in reader.country_totals()]
    if code not in every_country() and code not in measured:
        raise NotFoundError("There is no country of this code.")
    note = shell.imprint.notes.get(code, "")
    page = view_country(reader, CountryCode(code), _LINKS, recorded=recorded, note=note)
    listed = sorted((words.country(one), _LINKS.country(one)) for one in measured)
    earlier, later = neighbours(listed, _LINKS.country(code))
    crumbs = path_to(_in(code)[0], here=page.name)
    shell = _with_twins(shell, _LINKS.country(code), page)
    return render("country.html", page, shell=replace(shell, crumbs=crumbs, earlier=earlier, later=later))


def render_network(reader: Reader, code: str, asn: int, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return the page of a network in a country."""
    page = view_network(reader, CountryCode(code), Asn(asn), _LINKS, recorded=recorded)
    listed = [
        (name_of(one.probe_asn), _LINKS.network(code, one.probe_asn))
        for one in reader.network_totals(CountryCode(code))
    ]
    earlier, later = neighbours(listed, _LINKS.network(code, asn))
    crumbs = path_to(*_in(code), here=page.name)
    shell = _with_twins(shell, _LINKS.network(code, asn), page)
    return render("network.html", page, shell=replace(shell, crumbs=crumbs, earlier=earlier, later=later))


def render_target(reader: Reader, name: str, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return the page of a target."""
    page = view_target(reader, TargetName(name), _LINKS, recorded=recorded)
    shell = _with_twins(shell, _LINKS.target(name), page)
    return render("target.html", page, shell=replace(shell, crumbs=path_to(here=page.name)))


def render_series(
    reader: Reader, vantage: Vantage, target: str, *, recorded: bool, shell: Shell = _SHELL
) -> str:
    """Return the page of all days of a target from one vantage."""
    page = view_series(reader, vantage, TargetName(target), _LINKS, recorded=recorded)
    crumbs = path_to(
        *_in(vantage.probe_cc),
        (name_of(vantage.probe_asn), _LINKS.network(vantage.probe_cc, vantage.probe_asn)),
        here=page.target,
    )
    return render("series.html", page, shell=replace(shell, crumbs=crumbs))


def render_countries(reader: Reader, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return the page of all countries."""
    page = view_countries(reader, _LINKS, recorded=recorded)
    shell = _with_twins(shell, _LINKS.text("countries"), page)
    return render("countries.html", page, shell=replace(shell, crumbs=path_to(here=page.title)))


def render_bans(reader: Reader, *, shell: Shell = _SHELL) -> str:
    """Return the register of bans."""
    page = view_bans(reader, _LINKS)
    return render("bans.html", page, shell=replace(shell, crumbs=path_to(here=page.title)))


def render_search(reader: Reader, question: str, *, recorded: bool, shell: Shell = _SHELL) -> str:
    """Return what a search found."""
    page = view_search(reader, question, _LINKS, recorded=recorded)
    return render("search.html", page, shell=replace(shell, question=page.question))


def render_text(name: str, *, shell: Shell = _SHELL) -> str:
    """Return a page of text.

    Raises:
        NotFoundError: there is none of this name.
    """
    make = TEXTS.get(name)
    if make is None:
        raise NotFoundError("There is no such page.")
    page = make(_LINKS, shell.imprint)
    return render("text.html", page, shell=replace(shell, crumbs=path_to(here=page.title)))
