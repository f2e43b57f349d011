"""One file per command, no logic.

Each module here has `register(app)`, which adds its command to the Typer application, and imports what the
command needs inside the command, so that `banwatch --help` stays quick. Data goes to stdout, progress and
logs to stderr. Exit code 0: done; 1: the work failed; 2: usage.
"""
