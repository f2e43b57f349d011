"""Tests of the judge: known cases, honest trouble, mutations, and the table's invariants."""
