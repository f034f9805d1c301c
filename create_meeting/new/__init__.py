"""Create a meeting with createOrGet."""
