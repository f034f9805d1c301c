"""Builds what is deployed. Never deployed itself; imports nothing of the app."""
