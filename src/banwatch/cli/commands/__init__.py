"""Commands: each reads its arguments, asks one room, and shows one view.

Each module has `register(app)`, which adds its command to the Typer application, and imports what the command
needs inside the command, so that `banwatch --help` stays quick.
"""
