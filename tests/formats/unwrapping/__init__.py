"""Tests of what addresses are unwrapped from."""
