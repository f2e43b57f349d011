"""Tables of a store for notebooks, as Ibis expressions, also where another process owns the store."""
