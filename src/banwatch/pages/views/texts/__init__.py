"""Pages of text: what words mean, how things are measured and judged, how far to trust it, who publishes."""
