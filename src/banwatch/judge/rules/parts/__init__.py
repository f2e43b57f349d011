"""Parts of a rule: the entry itself, and the conditions and phrases that several entries share."""
