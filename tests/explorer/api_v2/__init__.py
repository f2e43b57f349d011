"""Tests of the second version of the API."""
