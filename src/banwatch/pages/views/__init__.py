"""Views: for each kind of page a frozen dataclass with what it shows, and the function that fills it."""
