"""The machinery of the web test: look-ups, hops along redirects, cookies, records and the written summary."""
