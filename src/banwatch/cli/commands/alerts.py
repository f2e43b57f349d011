"""`banwatch alerts`: try channels, look at what was sent, and tell what would have been."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from banwatch.cli.parsing import parse_time

ConfigOption = Annotated[
    Path | None, typer.Option("--config", envvar="BANWATCH_CONFIG", help="Settings file (docs/settings.md).")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Messages about incidents (docs/alerts.md).", no_args_is_help=True)
    group.command("test")(_test)
    group.command("dry-run")(_dry_run)
    group.command("log")(_log)
    group.command("secret")(_secret)
    app.add_typer(group, name="alerts")


def _test(
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Names of channels; all by default.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one message on each channel by hand; exit code 1 where one did not arrive."""
    from banwatch.cli.views.alerts import show_tried
    from banwatch.observatory.alerting import try_channels
    from banwatch.observatory.settings.inspect import settings_with

    settings = settings_with(config, {})
    tried = try_channels(settings, channels or [])
    show_tried(tried, as_json=as_json)
    if any(arrival != "sent" for _, arrival, _ in tried):
        raise typer.Exit(1)


def _dry_run(
    config: ConfigOption = None,
    store: Annotated[
        str | None, typer.Option("--store", help="A file, or clickhouse://user@host/name.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Last moment, such as 2016-04-04T12:00Z; now by default.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="First moment; seven days before the last by default.")
    ] = None,
    every: Annotated[str, typer.Option("--every", help="Time between two looks.")] = "6h",
    as_json: JsonOption = False,
) -> None:
    """Print what the rules would have sent in the past; nothing is sent or written.

    Detection runs anew at each look, over the measurements made before it; when they were received is not
    looked at.
    """
    from banwatch.cli.views.alerts import show_letter, show_letter_count
    from banwatch.observatory.alerting import dry_run_between
    from banwatch.observatory.settings.inspect import settings_with

    count = dry_run_between(
        settings_with(config, {"store": store}),
        since=parse_time(since) if since else None,
        as_of=parse_time(as_of or "now"),
        every=every,
        say=lambda at, channel, letter: show_letter(at, channel, letter, as_json=as_json),
    )
    show_letter_count(count, as_json=as_json)


def _log(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Print the log of messages: what was to be sent where, and what became of it."""
    from banwatch.cli.views.alerts import show_log
    from banwatch.observatory.alerting import read_log

    show_log(read_log(store), as_json=as_json)


def _secret() -> None:
    """Make a secret for a webhook."""
    from banwatch.alerts.signing import make_secret

    print(make_secret())
