"""One machine's Azure: what Rollcall runs and is tested on. Never deployed, imports nothing of the app."""
