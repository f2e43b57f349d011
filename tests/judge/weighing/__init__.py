"""Tests of the weighing, by the module they test."""
