"""The record of a meeting as JSON, and the health of the app. Reads only."""
