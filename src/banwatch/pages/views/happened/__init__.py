"""Evidence of an incident: its picture by the hour, its reasons, and how it is cited."""
