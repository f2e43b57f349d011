"""Figures: charts of a ban or an incident, as specifications (`chart`), drawn as SVG and PNG (`draw`)."""
