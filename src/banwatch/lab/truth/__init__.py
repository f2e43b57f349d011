"""Truth of a lab: one line for every flow about what the censor did to it, written, read and folded."""
