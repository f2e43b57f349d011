"""Figures: charts as specifications (`chart`), from days (`days`), drawn as SVG and PNG (`draw`)."""
