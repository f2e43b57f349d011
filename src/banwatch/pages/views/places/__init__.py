"""Views of places and of what is measured there: countries, networks, targets and their series."""
