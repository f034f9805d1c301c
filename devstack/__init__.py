"""One machine's Azure, for running and testing. Never deployed, imports nothing of the app."""
