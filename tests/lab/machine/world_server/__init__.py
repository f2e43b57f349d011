"""Tests of the world's servers, on loopback."""
