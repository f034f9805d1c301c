"""Observations become group calls: the record, and the fold that makes it. Values, no I/O."""
