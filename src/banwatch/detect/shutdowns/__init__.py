"""Finds when a network fell silent: measurements that used to come and do not.

`rhythm` describes how often a network is usually heard; `find` looks for silences that the rhythm does not
explain.
"""
