"""Graph's notifications about our legs: verified, parsed, recorded in one transaction, answered."""
