"""Tests of `banwatch.pages.figures`."""
