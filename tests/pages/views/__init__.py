"""Tests of `banwatch.pages.views`."""
