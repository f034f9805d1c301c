"""Verify, parse, record in one transaction, and answer Graph's notifications about our legs."""
