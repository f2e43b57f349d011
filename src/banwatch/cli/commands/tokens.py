"""`banwatch tokens`: who may moderate and write through the API."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tokens = typer.Typer(
        help="Tokens for the API's routes that moderate and write; reading needs none (docs/api.md).",
        no_args_is_help=True,
    )
    tokens.command("new")(_new)
    tokens.command("ls")(_ls)
    tokens.command("revoke")(_revoke)
    app.add_typer(tokens, name="tokens")


def _new(
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="moderate (readers' reports) or write (signals, scores); repeatable."),
    ],
    store: StoreOption = DEFAULT_STORE,
    days: Annotated[int, typer.Option(min=1, help="Days for which it holds.")] = 90,
    note: Annotated[str, typer.Option(help="Whom it is for, in your words.")] = "",
    as_json: JsonLinesOption = False,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    from banwatch.cli.views.tokens import show_new_token
    from banwatch.explorer.tokens import make_token

    show_new_token(*make_token(store, scope, note=note, days=days), as_json=as_json)


def _ls(store: StoreOption = DEFAULT_STORE, as_json: JsonLinesOption = False) -> None:
    """List the tokens that were made, without their secrets."""
    from banwatch.cli.views.tokens import show_tokens
    from banwatch.explorer.tokens import list_tokens

    show_tokens(list_tokens(store), as_json=as_json)


def _revoke(
    token_id: Annotated[str, typer.Argument(help="Id of the token, the part between the underscores.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonLinesOption = False,
) -> None:
    """End a token; a server that runs refuses it from then on."""
    from banwatch.cli.views.tokens import show_tokens
    from banwatch.explorer.tokens import revoke_token

    show_tokens([revoke_token(store, token_id)], as_json=as_json)
