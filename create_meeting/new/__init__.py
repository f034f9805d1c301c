"""A meeting that createOrGet makes."""
