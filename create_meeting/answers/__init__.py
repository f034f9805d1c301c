"""What Rollcall publishes of a meeting: its coordinates, warnings, an invitation."""
