"""The terms of Rollcall: ids, observations, coordinates, messages, errors. Values, no I/O."""
