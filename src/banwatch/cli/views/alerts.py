"""Messages: those that would have been sent, those that were, and channels that were tried."""

from collections.abc import Sequence
from datetime import datetime

from banwatch.alerts.channels import Letter
from banwatch.cli.views.json_lines import print_json, print_json_lines
from banwatch.cli.views.messages import note
from banwatch.model.delivery import Delivery
from banwatch.net.outgoing.outcome import Arrival


def show_tried(tried: Sequence[tuple[str, Arrival, str]], *, as_json: bool) -> None:
    """Print what became of each message that was sent by hand."""
    for name, arrival, detail in tried:
        if as_json:
            print_json({"channel": name, "arrival": arrival, "detail": detail})
        else:
            print(f"{name}: {arrival}" + (f" ({detail})" if detail else ""))


def show_letter(at: datetime, channel: str, letter: Letter, *, as_json: bool) -> None:
    """Print one message that would have been sent."""
    when = at.isoformat().replace("+00:00", "Z")
    if as_json:
        print_json(
            {
                "at": when,
                "channel": channel,
                "event": letter.event,
                "subject": letter.subject,
                "title": letter.title,
                "text": letter.text,
                "link": letter.link,
            }
        )
    else:
        print(f"{when} {channel}: {letter.title}\n  {letter.text}\n  {letter.link}")


def show_letter_count(count: int, *, as_json: bool) -> None:
    """Say how many messages there would have been."""
    if not as_json:
        note(f"{count} messages would have been sent; none was.")


def show_log(rows: Sequence[Delivery], *, as_json: bool) -> None:
    """Print the log of messages, the oldest first."""
    if as_json:
        print_json_lines(rows)
        return
    for row in rows:
        when = row.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        detail = f" ({row.detail})" if row.detail else ""
        number = f"#{row.ordinal}.{row.attempt}"
        print(f"{when} {row.channel} {row.subject} {number} {row.event}: {row.state}{detail}")
