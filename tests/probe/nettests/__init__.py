"""Tests of the nettests."""
