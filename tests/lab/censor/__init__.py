"""Tests of the censor, in memory."""
