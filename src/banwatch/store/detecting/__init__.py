"""Summaries of all cells that detection reads beside the cells of one country at a time."""
