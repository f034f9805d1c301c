"""What Rollcall speaks of: ids, observations, coordinates, messages, errors. Values, no I/O."""
