"""The record of a meeting as JSON, the schemas, and the health of the app. Reads only."""
