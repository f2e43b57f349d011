"""Says in plain English why an incident is believed, and what outside signals add."""
