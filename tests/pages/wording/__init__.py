"""Tests of `banwatch.pages.wording`."""
