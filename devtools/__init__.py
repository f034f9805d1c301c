"""Builds what is deployed, and holds the cut of the house. Never deployed; imports nothing of the app."""
