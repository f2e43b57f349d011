"""The form with which a reader reports that something does not open."""

from dataclasses import dataclass

from banwatch.formats.reader_report import MAX_NOTE, MAX_TARGET, Fields
from banwatch.pages.links import Links
from banwatch.pages.views.notices import Notice
from banwatch.pages.views.reader_reports import FORM
from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormPage:
    """The form, with what was filled in and what is wrong with it."""

    title: str
    notices: tuple[Notice, ...]
    links: Links
    action: str
    given: Fields
    """Fields as the reader filled them in, kept where a report was not taken."""
    problem: str
    """Why the report was not taken; empty for a new form."""
    max_note: int
    max_target: int


def view_report_form(given: Fields, problem: str, links: Links) -> ReportFormPage:
    """Compute the form."""
    return ReportFormPage(
        title="Report that something does not open",
        notices=(),
        links=links,
        action=FORM,
        given=Fields(*(words.visible(value, MAX_TARGET) for value in given)),
        problem=problem,
        max_note=MAX_NOTE,
        max_target=MAX_TARGET,
    )
