"""Builds what is deployed, and holds the cut of the house. Imports nothing of the app."""
