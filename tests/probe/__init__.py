"""The probe: steps, sessions and what they write."""
