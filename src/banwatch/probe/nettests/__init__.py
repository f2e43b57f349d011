"""One file a nettest: what is done with one input, and the test keys that come of it."""
