"""Ingest, rebuild and detection."""
