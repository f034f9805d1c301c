"""What is said of a meeting: its coordinates, warnings, an invitation."""
