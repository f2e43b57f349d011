"""The command line: `commands` has one file a command, `views` print results, `main` runs a command.

Data goes to stdout, progress and logs to stderr. Exit code 0: done; 1: the work failed; 2: usage.
"""
