"""Settings of an observatory: one TOML file, overridden by the environment, overridden by options.

*tables*: the structs, which are also the documentation. *read*: file and environment to `Settings`, with
every problem found at once. *problem*: a mistake with its line, key and remedy. *check*: what types
cannot say.
"""
