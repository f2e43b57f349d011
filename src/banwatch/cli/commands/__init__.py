"""One file a command, no logic.

Each module has `register(app)`, which adds its command to the Typer application, and imports what the command
needs inside the command, so that `banwatch --help` stays quick.
"""
