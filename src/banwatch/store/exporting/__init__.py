"""Tables as files for other programs: *export* writes them, *data package* describes them."""
