"""Tests of OONI's reading API."""
